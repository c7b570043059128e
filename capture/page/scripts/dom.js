// The document as it stands after behaviours ran, open shadow roots included as declarative
// templates. Cut at `characters`, and said so.
({ characters }) => {
  const roots = [];
  const collect = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot?.nodeType === 11) { // and no form's field of that name
        roots.push(element.shadowRoot);
        collect(element.shadowRoot);
      }
    }
  };
  collect(document);
  const kind = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\n" : "";
  const element = document.documentElement;
  let html = "";
  if (element && roots.length && element.getHTML) {
    // getHTML serialises the inside; the start tag is taken from a childless copy
    const shell = element.cloneNode(false).outerHTML;
    const cut = shell.lastIndexOf("</");
    html = shell.slice(0, cut) + element.getHTML({ serializableShadowRoots: true, shadowRoots: roots }) + shell.slice(cut);
  } else if (element) {
    html = element.outerHTML;
  }
  const whole = kind + html;
  return { html: whole.slice(0, characters), cut: whole.length > characters };
}
