"""What came of a class: in the terminal, as pages, and as data.

| module           | does                                                              |
|------------------|-------------------------------------------------------------------|
| ``tables``       | marks and mistakes in the terminal                                |
| ``results_page`` | the quick page that ``autograder grade`` leaves                   |
| ``gathering``    | records and marks given by hand -> what the report is about       |
| ``statistics``   | how difficult tasks are, and how well they tell students apart    |
| ``answers``      | the code of answers, and its form                                 |
| ``clusters``     | wrong answers without a name, put together                        |
| ``copying``      | answers that are alike, as questions                              |
| ``class_report`` | the page of a unit                                                |
| ``overview``     | the page over all units                                           |
| ``sections``, ``markup``, ``charts`` | what pages are made of                        |
| ``data``         | a row for each student and task, as CSV and Parquet               |
| ``writing``      | all of it, written                                                |
"""
