/* The description of the API for people: every route out of openapi.json, with values, examples and a curl line. */

/* An element with its attributes and children; text stays text. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((one) => one !== null && one !== ""));
  return made;
}
const pretty = (value) => JSON.stringify(value, null, 2);
const kindOf = (schema = {}) => schema.enum?.join(", ") || schema.format || [schema.type].flat().filter(Boolean).join(" or ")
  || (schema.anyOf || []).map(kindOf).join(" or ") || "object";

/* The line that asks a route from a shell. */
function curl(verb, path, one) {
  const query = one.parameters.filter((parameter) => parameter.in === "query" && parameter.required);
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => one.parameters.find((parameter) => parameter.name === name)?.example ?? name);
  const parts = ["curl", verb === "get" ? "" : `-X ${verb.toUpperCase()}`];
  if (one["x-role"] !== "public") parts.push('-H "Authorization: Bearer $TOKEN"');
  if (one.parameters.some((parameter) => parameter.name === "If-Match")) parts.push("-H 'If-Match: \"3\"'");
  const content = one.requestBody?.content || {};
  if (content["multipart/form-data"]) parts.push("-F file=@invoice.pdf");
  const body = content["application/json"];
  if (body) parts.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(body.example).replaceAll("'", "'\\''")}'`);
  const address = window.location.origin + filled + (query.length ? `?${query.map((parameter) => `${parameter.name}=${parameter.example}`).join("&")}` : "");
  return [...parts.filter(Boolean), /[?&]/.test(address) ? `"${address}"` : address].join(" ");
}

function table(rows) {
  const made = el("table", {}, el("thead", {}, el("tr", {}, ...["Value", "Where", "Kind", "What"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map(([name, where, kind, what]) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)), el("td", {}, where), el("td", {}, kind), el("td", {}, what)))));
  return el("div", { class: "wide", tabindex: "0" }, made);
}

/* What stands in an opened route. */
function inside(verb, path, one) {
  const schema = one.requestBody?.content["application/json"]?.schema;
  const required = new Set(schema?.required || []);
  const rows = one.parameters.map((parameter) => [parameter.name, parameter.in, kindOf(parameter.schema), parameter.description || ""]);
  for (const [name, part] of Object.entries(schema?.properties || {})) {
    rows.push([name, required.has(name) ? "body, needed" : "body", kindOf(part), part.description || ""]);
  }
  const said = one["x-role"] === "person" ? "A signed-in person's browser asks this; a token will not do." : "";
  const box = el("div", { class: "inside" }, el("p", {}, one.description.split("\n\nNeeds:")[0]), said && el("p", {}, said));
  if (rows.length) box.append(el("h3", {}, "Values"), table(rows));
  if (one["x-role"] !== "person") box.append(el("h3", {}, "Ask"), el("pre", { tabindex: "0" }, curl(verb, path, one)));
  if (schema) box.append(el("h3", {}, "What is sent"), el("pre", { tabindex: "0" }, pretty(one.requestBody.content["application/json"].example)));
  for (const [status, answer] of Object.entries(one.responses)) {
    if (status >= "400" && status !== "409") continue;
    const [media, content] = Object.entries(answer.content || {})[0] || [];
    box.append(el("h3", {}, `${status} ${answer.description}`));
    if (content?.example !== undefined) box.append(el("pre", { tabindex: "0" }, pretty(content.example)));
    else if (media) box.append(el("p", {}, el("code", {}, media)));
  }
  return box;
}

function route(verb, path, one) {
  const made = el("details", { id: one.operationId }, el("summary", {}, el("span", { class: `verb ${verb}` }, verb.toUpperCase()), el("code", {}, path),
    el("span", { class: "who" }, one["x-role"]), el("span", { class: "what" }, one.summary)));
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(inside(verb, path, one));
    if (made.open) window.history.replaceState({}, "", `#${one.operationId}`);
  });
  const words = [verb, path, one.summary, one["x-role"], ...one.parameters.map((parameter) => parameter.name)].join(" ").toLowerCase();
  return { made, words };
}

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const shade = () => { document.documentElement.dataset.theme = dark.matches ? "dark" : "light"; };
shade();
dark.addEventListener("change", shade);

const answer = await fetch("/api/openapi.json");
const spec = await answer.json();
const groups = new Map();
for (const [path, verbs] of Object.entries(spec.paths)) {
  for (const [verb, one] of Object.entries(verbs)) {
    if (!groups.has(one.tags[0])) groups.set(one.tags[0], []);
    groups.get(one.tags[0]).push(route(verb, path, one));
  }
}
const main = document.querySelector("#main");
const sections = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([tag, routes]) => {
  const section = el("section", {}, el("h2", {}, tag.replaceAll("_", " ")), ...routes.map(({ made }) => made));
  main.append(section);
  return [section, routes];
});
const find = document.querySelector("#find");
function show() {
  const asked = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let seen = 0;
  for (const [section, routes] of sections) {
    let here = 0;
    for (const { made, words } of routes) {
      made.hidden = !asked.every((word) => words.includes(word));
      here += made.hidden ? 0 : 1;
    }
    section.hidden = !here;
    seen += here;
  }
  document.querySelector("#count").textContent = `${seen} routes`;
}
find.addEventListener("input", show);
show();
const wanted = document.getElementById(window.location.hash.slice(1));
if (wanted?.tagName === "DETAILS") {
  wanted.open = true;
  wanted.scrollIntoView();
}
