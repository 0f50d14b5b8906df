// Keeps a page live, and says so when it is not: a page that has silently stopped is worse than none.
// Whoever counts seconds on the page is told of every beat with what it carried ("beat"), and when the page changed ("shown").
"use strict";
const main = document.querySelector("main");
const lost = document.getElementById("lost");
const marked = (within) => [...within.querySelectorAll("[data-live]")];
const ids = (elements) => elements.map((element) => element.id).join();
let silence;
let source;

// Changes only what differs, so that an opened list stays open and a screen reader hears only what is new.
function show(html) {
  const next = document.createElement("template");
  next.innerHTML = html;
  const fresh = marked(next.content);
  if (ids(fresh) !== ids(marked(main))) {
    main.replaceChildren(next.content);
    return document.dispatchEvent(new Event("shown"));
  }
  for (const element of fresh) {
    const old = document.getElementById(element.id);
    const open = [...old.querySelectorAll("details[open]")].map((details) => details.id);
    open.forEach((id) => element.querySelector("#" + id)?.setAttribute("open", ""));
    if (old.isEqualNode(element)) continue;
    const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.className = element.className;
    old.replaceChildren(...element.childNodes);
    if (focus) document.getElementById(focus)?.focus();
  }
  document.dispatchEvent(new Event("shown"));
}

// Three pings of 15 s may go missing.
function heard(event) {
  document.dispatchEvent(new CustomEvent("beat", { detail: event.data }));
  lost.hidden = true;
  document.documentElement.dataset.live = "yes";
  clearTimeout(silence);
  silence = setTimeout(gone, 40000);
}

function gone() {
  lost.hidden = false;
  document.documentElement.dataset.live = "no";
  clearTimeout(silence);
  silence = setTimeout(listen, 5000);
}

function listen() {
  if (source) source.close();
  source = new EventSource(document.body.dataset.liveFrom);
  source.addEventListener("board", (event) => { show(event.data); heard(event); });
  source.addEventListener("ping", heard);
  source.addEventListener("out", () => location.reload());
  source.onerror = () => { source.close(); gone(); };
}

listen();
silence = setTimeout(gone, 10000);
