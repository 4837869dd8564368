"""Stop 5 of a publish, pure: a draft becomes an edition and the edition a plan record, or every problem at once.

`freeze` takes the snapshot, `resolve` finds what it refers to, `check` and `compile` make the record's body; `release`
numbers versions. `bindings` makes the records of binding state. Nothing here reads a clock, a file or a database:
operations fetch the rows and pass them in.
"""
