"""What REST's searches read: an index in SQLite beside the journal, filled behind from the synced events.

    search.sqlite        beside the log; may be deleted while no engine runs, and is then made anew

- `entities`: what can be searched, field by field; **a new field is one line there**.
- `query`, `conditions`: a search becomes SQL, the same way for all entities.
- `feed`: an event becomes changes of rows; `snapshot`: so does all that lives, where the index must be made anew.
- `store`: the file; it holds how far it is, in the same transaction.
- `index`: the thread that owns the store, and what asks it.

It knows nothing of HTTP. The journal keeps its records until the index has them.
"""
