// Prepares what the terminal's script finds when it loads, and says why a session has ended.
"use strict";

const COLUMNS = 80; // what the wizard needs at least
const CELL = 0.602; // width of a character of Roboto Mono, in its size

document.addEventListener("DOMContentLoaded", () => {
  const terminal = document.getElementById("terminal");
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const size = Math.floor(window.innerWidth / (COLUMNS + 2) / CELL);
  terminal.dataset.sessionWebsocketUrl = `${scheme}//${location.host}/ws`;
  terminal.dataset.fontSize = String(Math.max(5, Math.min(16, size)));

  document.getElementById("again").addEventListener("click", () => location.reload());
  new MutationObserver(async (_changes, observer) => {
    // Keys go to the wizard from its first picture on, without a click.
    if (document.body.classList.contains("-first-byte")) document.querySelector(".xterm-helper-textarea")?.focus();
    if (!document.body.classList.contains("-closed")) return;
    observer.disconnect();
    const reason = document.getElementById("reason");
    try {
      reason.textContent = (await (await fetch("/why")).json()).text;
    } catch {
      reason.textContent = document.title; // the server has gone; there is nobody to say why
    }
    document.getElementById("again").focus();
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
});
