"use strict";
const items = JSON.parse(document.getElementById("index").textContent);
const fold = (text) => text.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u200b-\u200f]/gu, "");
const folded = items.map((item) => fold(item.text));
const words = document.getElementById("words");
const show = () => {
  const wanted = fold(words.value).split(/\s+/u).filter(Boolean);
  const list = document.getElementById("found");
  list.replaceChildren();
  const found = wanted.length ? items.filter((_, place) => wanted.every((word) => folded[place].includes(word))) : [];
  document.getElementById("count").textContent = wanted.length ? `${found.length} items` : "";
  for (const item of found.slice(0, 500)) {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = item.page;
    link.textContent = `${item.number} `;
    const text = document.createElement("p");
    text.dir = "auto";
    text.textContent = item.text.slice(0, 400);
    line.append(link, text);
    list.append(line);
  }
};
document.getElementById("form").addEventListener("submit", (event) => { event.preventDefault(); show(); });
words.addEventListener("input", show);
