"""shouwang in the bench of gateways: `--peer-file shouwang=benches/peer_shouwang.py`.

The binary is $SHOUWANG_BIN, else target/release/shouwang. The village is as real as the bench's traffic: one home and
one resident for each button, every button and sensor enrolled, every reading forwarded, every alarm committed to disk
before the sensor side gets its PUBACK. The sink answers as the county does: a receipt for every record that it has
read; without it the gateway sends again. In the log a reading is written within a second (`routine_block_s = 1`,
the shortest that the configuration allows), because the bench counts what has arrived six seconds after a step. The
ballast is the smallest, 8 MiB: half a MiB a second is laid in after the first start, and is to be done when the bench begins.

What counts: an alarm is the first revision of an alarm about a person (what follows of it, such as the next rung of
the ladder, is not a second alarm; the same revision twice is). A help call counts under the name of its button, any
other condition under `condition:name`, so that a false alarm is seen. Faults of things are not alarms. A reading
counts once, by its number, however often it is sent.
"""
import json
import os
import re

from benchlib import devices
from peers.base import Peer

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = b"sw/1/bench/bench-gw"
# As systemd/shouwang.service sets it.
UNIT_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
SENSOR_ROLES = {"pir": "motion", "door": "door", "smoke": "smoke", "climate": "climate"}

STATION = """
[station]
id = "bench"
gateway = "bench-gw"
village_file = "village.toml"
data_dir = "{work}/data"
control_socket = "{work}/control.sock"
log_level = "warn"

[[source]]
id = "zigbee"
kind = "mqtt"
url = "mqtt://127.0.0.1:{local}"
formats = ["zigbee2mqtt"]

[county]
url = "mqtt://127.0.0.1:{county}"
readings = true

[store]
routine_block_s = 1
ballast_mib = 8
"""

PEOPLE = """
[responders.p1]
name = "示例邻居甲"
phone = "00000000001"
role = "neighbour"

[responders.p2]
name = "示例网格员乙"
phone = "00000000002"
role = "grid_worker"

[responders.p3]
name = "示例值班室"
phone = "00000000003"
role = "duty_desk"

[ladders.usual]
rungs = [{ call = ["p1"] }, { call = ["p2"] }, { call = ["p3"] }]
"""

HOME = """
[homes.{id}]
label = "示例 {id}"

[residents.{id}]
name = "示例老人"
address_form = "示例奶奶"
home = "{id}"
ladder = "usual"
"""

DEVICE = """
[devices.{id}]
source = "zigbee"
address = "{id}"
role = "{role}"
{whose} = "{home}"
"""


def village():
    """Homes of the buttons, and the sensors spread over the first of them, one kind a home."""
    buttons = devices.sos_names()
    homes = {name: f"r{number:04}" for number, name in enumerate(buttons, 1)}
    text = [PEOPLE]
    for name, home in homes.items():
        text.append(HOME.format(id=home))
        text.append(DEVICE.format(id=name, role="sos", whose="resident", home=home))
    for number, name in enumerate(devices.sensor_names(), 1):
        role = SENSOR_ROLES[name.split("_")[0]]
        text.append(DEVICE.format(id=name, role=role, whose="home", home=f"r{number:04}"))
    return "".join(text)


class Seen:
    """The highest number of the reading lane that was counted: the gateway sends a lane in its order."""

    def __init__(self):
        self.epoch, self.head = None, 0

    def fresh(self, epoch, first, last):
        """How many of first..=last were not counted before."""
        if epoch != self.epoch:
            self.epoch, self.head = epoch, 0
        new = max(0, last - max(first - 1, self.head))
        self.head = max(self.head, last)
        return new


SEEN = Seen()
NUMBERS = re.compile(rb'"epoch":"([0-9a-f]+)","seq":(?:\[(\d+),(\d+)\]|(\d+))')


def numbers(payload):
    """(epoch, first, last) of a record of a lane."""
    found = NUMBERS.match(payload, 1)
    if not found:
        return None
    epoch, first, last, only = found.groups()
    return epoch.decode(), int(first or only), int(last or only)


def alarms(topic, payload):
    if topic != ROOT + b"/ev/alarm":
        return []
    record = json.loads(payload)
    if record.get("rev") != 1 or record["priority"] == "technical":
        return []
    name = record["device"] or record["id"]
    return [name if record["condition"] == "help_call" else f"{record['condition']}:{name}"]


def count_readings(topic, payload):
    if topic != ROOT + b"/ev/reading":
        return 0
    found = numbers(payload)
    if not found or b'"skipped"' in payload:
        return 0
    fresh, all_of_it = SEEN.fresh(*found), payload.count(b'"dev":')
    # Buttons report too, and are no sensors.
    return min(fresh, all_of_it - payload.count(b'"dev":"sos_'))


def sink_reply(topic, payload):
    """The county's receipt: this record is committed."""
    if not topic.startswith(ROOT + b"/ev/"):
        return []
    found = numbers(payload)
    if not found:
        return []
    epoch, first, last = found
    lane = topic.rsplit(b"/", 1)[-1].decode()
    receipt = {"epoch": epoch, "lane": lane, "ranges": [[first, last]]}
    return [(ROOT + b"/ack", json.dumps(receipt, separators=(",", ":")).encode())]


class Shouwang(Peer):
    name, label = "shouwang", "shouwang"
    sink_topics = ["sw/1/#"]
    alarms = staticmethod(alarms)
    count_readings = staticmethod(count_readings)
    sink_reply = staticmethod(sink_reply)

    @classmethod
    def binary(cls):
        return os.path.abspath(os.environ.get("SHOUWANG_BIN") or os.path.join(REPOSITORY, "target/release/shouwang"))

    @classmethod
    def missing(cls, cache):
        return None if os.path.exists(cls.binary()) else "cargo build --release, or set SHOUWANG_BIN"

    def prepare(self):
        with open(os.path.join(self.work, "shouwang.toml"), "w", encoding="utf-8") as file:
            file.write(STATION.format(work=self.work, local=self.local_port, county=self.county_port))
        with open(os.path.join(self.work, "village.toml"), "w", encoding="utf-8") as file:
            file.write(village())
        os.chmod(os.path.join(self.work, "village.toml"), 0o600)

    def command(self):
        return [self.binary(), "run", "--config", os.path.join(self.work, "shouwang.toml")], UNIT_ENVIRONMENT

    @classmethod
    def install_paths(cls, cache):
        return [cls.binary()]

    @classmethod
    def packages(cls, cache):
        """Crates that are linked into the binary, itself not counted."""
        import subprocess
        tree = subprocess.run(["cargo", "tree", "--locked", "--offline", "-e", "normal", "--prefix", "none"],
                              cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
        return max(0, len({line.split(" (*)")[0] for line in tree.stdout.splitlines() if line}) - 1)


PEER = Shouwang
