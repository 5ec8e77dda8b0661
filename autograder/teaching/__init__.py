"""The teaching pack: pages for teachers, written from the lessons, the checks and some hand-written files.

| module    | does                                                                      |
|-----------|---------------------------------------------------------------------------|
| `sources` | reads the hand-written files: objectives, plans, routes, exam questions   |
| `pack`    | puts them together with the lessons, and says where they do not fit       |
| `pages`   | writes the pages, with answers for the repository and without for the site |
"""
