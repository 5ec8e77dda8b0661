"""The results of a class: in the terminal, as pages, and as data.

| module           | does                                                              |
|------------------|-------------------------------------------------------------------|
| ``tables``       | marks and mistakes in the terminal                                |
| ``results_page`` | the short page that ``autograder grade`` writes                   |
| ``gathering``    | what the reports are about: records, and marks given by hand      |
| ``statistics``   | how difficult tasks are, and how well they tell students apart    |
| ``answers``      | the code of answers, and its form                                 |
| ``clusters``     | groups of wrong answers that have no name and behave alike        |
| ``copying``      | students whose answers are alike, to be asked about it            |
| ``class_report`` | the page of a unit                                                |
| ``overview``     | the page over all units                                           |
| ``sections``, ``charts`` | what the pages have in common; their pictures             |
| ``data``         | a row for each student and task, as CSV and Parquet               |
| ``writing``      | writes the files of a report                                      |

The pages' HTML is in templates, ``*.html.j2``.
"""
