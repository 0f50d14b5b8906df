# What can be done here. `just` lists it; `.ci/run` holds the steps that continuous integration takes.

set shell := ["bash", "-euo", "pipefail", "-c"]

_list:
    @just --list --unsorted

# Everything that continuous integration checks
check:
    .ci/run

# Formats the code
fmt:
    cargo fmt

# All tests, as the README says
test:
    cargo test --locked

# Every format against its vectors
vectors:
    cargo test --locked --test vectors
    for file in tests/vectors/*.jsonl; do cargo run --quiet --locked -- decode "$(basename "$file" .jsonl)" "$file" --vectors; done

# A million inputs for every decoder, or a minute each; another SEED is another million. Or one FORMAT alone
hammer SEED="1" *FORMAT="":
    cargo run --release --quiet --manifest-path fuzz/Cargo.toml -- {{SEED}} {{FORMAT}}

# Rewrites everything that is generated or expected; review the difference
bless:
    SHOUWANG_BLESS=1 cargo test --locked --test tidy --test life_cycle --test config
    git diff --stat

# One day of ten simulated homes with every fault
simulate SEED="1":
    cargo run --release --quiet --locked -- simulate --seed {{SEED}} --days 1 --homes 10 --faults all

# 1,000 notices through a modem that fails one command in five
thousand-notices:
    SHOUWANG_LONG=1 cargo test --release --locked --test thousand_notices -- --nocapture

# From a press to the first command of its notice, 300 times under 50 readings a second; wants mosquitto
first-notice:
    SHOUWANG_LONG=1 cargo test --release --locked --test first_notice -- --nocapture

# What a day of 500 devices costs a card: bytes a reading, bytes and syncs a day
wear:
    SHOUWANG_LONG=1 cargo test --release --locked --test wear -- --nocapture

# 10,000 alarms among people as they are
human-figures:
    SHOUWANG_LONG=1 cargo test --release --locked --test human_figures -- --nocapture

# The long acceptance tests: more rounds, more alarms, figures on the screen
long:
    SHOUWANG_LONG=1 cargo test --release --locked $(for file in tests/acceptance_*.rs; do echo --test "$(basename "$file" .rs)"; done) -- --nocapture --test-threads 1

# Everything goes wrong at once, in real time; ends with the ledger. Wants root, faketime, iproute2 and e2fsprogs
chaos MINUTES="3":
    CI=true SHOUWANG_CHAOS_MINUTES={{MINUTES}} cargo test --release --locked --test chaos -- --nocapture

# kill -9 of the gateway a thousand times while alarms flow; wants mosquitto
kill-thousand:
    SHOUWANG_ROUNDS=1000 cargo test --release --locked --test acceptance_kill -- --nocapture

# The power is cut 500 times while alarms flow: instant copies of a card; wants root, e2fsprogs and xfsprogs
power-cuts:
    CI=true SHOUWANG_LONG=1 cargo test --release --locked --test acceptance_power -- --nocapture

# 1,000 weeks of thirty simulated homes with every fault, on all cores
simulate-long:
    cargo run --release --locked -- simulate --seeds 1..1000 --days 7 --homes 30 --faults all

# Seventeen deliberate mistakes of the box, each noticed by the oracle: a table
mutations:
    cargo test --release --locked --test mutations -- --nocapture

# Two hours of 500 devices at a hundred times the rhythm of life: memory, descriptors, budgets; wants mosquitto and socat
soak:
    SHOUWANG_LONG=1 cargo test --release --locked --test soak -- --nocapture

# Dead sensors and false faults on recorded homes, as a table; FOLDER holds `ambient/HOME/events.csv.zst`, wants zstd
supervision FOLDER:
    SHOUWANG_LONG=1 SHOUWANG_DATA={{FOLDER}} cargo test --release --locked --test acceptance_supervision -- --nocapture --test-threads 1

# The gateway beside its peers; wants the bench's folder, and its installs in $BENCH_CACHE
bench FOLDER *ARGS="--peers bridge-gw,paho-sqlite,node-red":
    cargo build --release --locked
    python3 {{FOLDER}}/run.py --peer-file shouwang=benches/peer_shouwang.py --out target/bench.json {{ARGS}}

# What one pass through each stage costs
stages:
    cargo bench --locked

# The library's pages, warnings as errors
doc:
    .ci/run doc

# What may come into the binary; wants cargo-deny
deny:
    cargo deny --offline check bans licenses sources

# Builds for 64-bit ARM boxes with Debian's own packages (`.ci/arm install`, once), and runs it in the emulator
arm:
    .ci/arm

# Builds for a box with the tool cross and a container engine
cross TARGET="armv7-unknown-linux-gnueabihf":
    CROSS_CONFIG=cross.toml cross build --release --locked --target {{TARGET}}

# Pictures of what people see, into target/shots: phone and desk, Chinese and English, dark and light; wants chromium
shots:
    SHOUWANG_SHOTS="$PWD/target/shots" cargo test --locked --test county_page_browser --test web_browser --test demo_pictures pictures
    SHOUWANG_SHOTS="$PWD/target/shots" cargo test --locked --test paper one_side
    ls target/shots

# Puts everything where a package has it, below DESTDIR; builds nothing, and leaves a configuration that is there
install DESTDIR BINARY="target/release/shouwang":
    install -D -m 755 {{BINARY}} {{DESTDIR}}/usr/bin/shouwang
    install -D -m 644 -t {{DESTDIR}}/usr/lib/systemd/system systemd/shouwang.service systemd/shouwang-county.service
    install -D -m 644 systemd/shouwang.sysusers {{DESTDIR}}/usr/lib/sysusers.d/shouwang.conf
    install -D -m 644 systemd/shouwang.tmpfiles {{DESTDIR}}/usr/lib/tmpfiles.d/shouwang.conf
    install -D -m 644 systemd/shouwang.udev {{DESTDIR}}/usr/lib/udev/rules.d/60-shouwang.rules
    for file in shouwang.toml county.toml; do [[ -e {{DESTDIR}}/etc/shouwang/$file ]] || install -D -m 644 -t {{DESTDIR}}/etc/shouwang config/$file; done
    install -D -m 644 config/village.example.toml {{DESTDIR}}/usr/share/doc/shouwang/village.example.toml
    install -D -m 644 -t {{DESTDIR}}/usr/share/doc/shouwang README.md README.zh-CN.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE config/mosquitto.conf config/mosquitto-county.conf config/county.acl
