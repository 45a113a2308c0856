// Files: each is sent as soon as it is chosen, with its progress. Without this script the button "Attach" sends them.
"use strict";
(() => {
  const form = document.querySelector("form[data-upload]");
  const input = form?.querySelector("input[type=file]");
  if (!input) return;
  const announcer = document.querySelector("[data-announcer]");
  let running = 0;

  form.querySelector("[data-attach]").hidden = true;
  form.addEventListener("submit", (event) => {
    if (running === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    announcer.textContent = form.dataset.wait;
    note.textContent = form.dataset.wait;
  }, true);

  const note = document.createElement("p");
  note.className = "hint";
  const list = document.createElement("ul");
  list.className = "files";
  input.after(list, note);

  input.addEventListener("change", async () => {
    const chosen = [...input.files];
    input.value = "";
    running += chosen.length;
    for (const file of chosen) await send(file);
  });

  function send(file) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = file.name;
    const progress = document.createElement("progress");
    progress.max = 1;
    progress.value = 0;
    progress.setAttribute("aria-label", `${file.name}: ${form.dataset.sending}`);
    row.append(name, progress);
    list.append(row);

    const body = new FormData();
    for (const field of ["csrf", "conta", "versao"]) body.append(field, form.elements[field].value);
    body.append("chave", [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    body.append("ficheiros", file);
    body.append("acao", "anexar");
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", location.pathname);
      request.responseType = "document";
      request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress.value = event.loaded / event.total; });
      request.addEventListener("loadend", () => {
        if (request.status === 401) return location.reload();
        running -= 1;
        note.textContent = "";
        const fresh = request.response?.querySelector("[data-files]");
        if (fresh) form.querySelector("[data-files]").replaceWith(fresh);
        if (fresh) form.elements.versao.value = request.response.querySelector("#versao").value;
        const refused = request.response?.querySelector("#ficheiros-erro span:last-child")?.lastChild?.textContent;
        if (request.status === 200) { row.remove(); announcer.textContent = form.dataset.sent.replace("{name}", file.name); }
        else {
          progress.remove();
          const why = document.createElement("p");
          why.className = "why field-error";
          why.textContent = refused ?? `${file.name} ${form.dataset.failed}`;
          row.append(why);
          announcer.textContent = why.textContent;
        }
        done();
      });
      request.send(body);
    });
  }
})();
