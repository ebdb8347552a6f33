"""The one place that decides who may see and do what.

`decisions` holds the decisions, over a principal and a record or a process; `rules` says for each field of the schema
which of them it takes, and `gates` puts them around the resolvers. A field without a rule ends the start of the API.
Start reading at `decisions`.
"""
