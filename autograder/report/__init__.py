"""What came of a class: in the terminal, as pages, and as data.

| module         | does                                                                      |
|----------------|---------------------------------------------------------------------------|
| ``tables``     | marks and mistakes in the terminal                                        |
| ``results_page`` | the quick page that ``autograder grade`` leaves                         |
| ``markup``     | the pieces of HTML that pages share                                       |
"""
