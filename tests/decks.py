"""A deck of slides in a browser: going through it, and what of a slide is outside of it."""

OUTSIDE = """() => {
  const slide = Reveal.getCurrentSlide(), outside = [];
  for (const one of slide.querySelectorAll("*")) {
    if (one.parentElement.closest("svg, math")) continue;
    const place = one.getBoundingClientRect();
    const beyond = place.left < 0 || place.top < 0 || place.right > innerWidth + 1 || place.bottom > innerHeight - 30;
    const cut = one.clientWidth && one.scrollWidth > one.clientWidth + 1;
    if (place.width && (beyond || cut)) outside.push(`${slide.innerText.slice(0, 40)}: ${one.outerHTML.slice(0, 80)}`);
  }
  return outside;
}"""
"""JavaScript: the parts of the slide that are shown which are cut off."""


def slides_of(page):
    """Go through a deck, slide by slide."""
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    for _ in range(page.evaluate("Reveal.getTotalSlides()")):
        yield page.evaluate("Reveal.getCurrentSlide().innerText")
        page.evaluate("Reveal.next()")
