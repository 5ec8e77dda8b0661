// Measures the SVG drawings of a page, and says in sentences what is wrong with each.
([ground]) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const painted = (layers) => {  // the colour that is seen where these layers lie on each other
    canvas.globalAlpha = 1;
    for (const [colour, opacity] of [[ground, 1], ...layers]) {
      canvas.globalAlpha = opacity;
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const opacity = (element) =>
    element.tagName === "svg" ? 1 : Number(getComputedStyle(element).opacity) * opacity(element.parentElement);
  const clear = (colour) => colour === "none" || colour === "rgba(0, 0, 0, 0)";
  const contains = (shape, x, y) =>
    shape.isPointInFill(new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse()));
  const inside = (a, b, by = 1) =>
    a.left >= b.left - by && a.right <= b.right + by && a.top >= b.top - by && a.bottom <= b.bottom + by;
  const meet = (a, b, by = 1.5) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > by &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > by;
  const crosses = (line, box) => {
    if (!line.getTotalLength()) return false;
    const matrix = line.getScreenCTM();
    const tall = (box.bottom - box.top) / 4;
    for (let at = 0; at <= line.getTotalLength(); at += 3) {
      const { x, y } = line.getPointAtLength(at).matrixTransform(matrix);
      if (x > box.left + 1 && x < box.right - 1 && y > box.top + tall && y < box.bottom - tall) return true;
    }
    return false;
  };

  const faults = [];
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const say = (what) => faults.push(`${svg.closest("[data-name]").dataset.name}: ${what}`);
    const frame = svg.getBoundingClientRect();
    const scale = frame.width / svg.viewBox.baseVal.width;
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim());
    const boxes = texts.map((text) => text.getBoundingClientRect());
    const shapes = [...svg.querySelectorAll("path, rect, circle, polygon, polyline, line")]
      .filter((shape) => !shape.closest("defs, clipPath"));

    texts.forEach((text, i) => {
      const words = `"${text.textContent.trim()}"`;
      const box = boxes[i];
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const size = Math.min(...[text, ...text.querySelectorAll("tspan")]
        .filter((part) => !part.querySelector("tspan")).map((part) => parseFloat(getComputedStyle(part).fontSize)));
      const small = svg.querySelector("tspan") && text.querySelector("tspan") ? 6 : 9;  // an exponent may be smaller
      if (size * scale < small) say(`${words} is ${(size * scale).toFixed(1)} px high`);
      if (!inside(box, frame)) say(`${words} leaves the picture`);
      boxes.forEach((other, j) => {
        if (i < j && meet(box, other)) say(`${words} lies on "${texts[j].textContent.trim()}"`);
      });
      const under = [];
      for (const shape of shapes) {
        const style = getComputedStyle(shape);
        const before = shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
        if (!clear(style.fill) && before && contains(shape, x, y))
          under.push([style.fill, opacity(shape) * Number(style.fillOpacity)]);
        const edge = shape.getBoundingClientRect();
        if (["rect", "circle"].includes(shape.tagName)) {
          if (meet(box, edge) && !inside(box, edge)) say(`${words} lies on the border of a box`);
        } else if (clear(style.fill) && crosses(shape, box)) say(`${words} is crossed by a line`);
      }
      const fill = getComputedStyle(text.querySelector("tspan") || text).fill;
      const seen = contrast(painted([...under, [fill, opacity(text)]]), painted(under));
      if (seen < 4.5) say(`${words} has a contrast of ${seen.toFixed(2)}`);
    });

    for (const shape of [...shapes, ...svg.querySelectorAll("use")]) {
      const style = getComputedStyle(shape);
      const filled = shape.tagName !== "use" && !clear(style.fill) ? style.fill : null;
      const strong = filled && opacity(shape) * Number(style.fillOpacity) === 1;
      for (const colour of [clear(style.stroke) ? null : style.stroke, strong ? filled : null]) {
        if (!colour) continue;
        const seen = contrast(painted([[colour, opacity(shape) * Number(style.strokeOpacity)]]), painted([]));
        if (seen < 3) say(`a ${shape.tagName} has a contrast of ${seen.toFixed(2)}: ${colour}`);
      }
    }
  }
  return [...new Set(faults)];
}
