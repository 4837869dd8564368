"""OpenAPI documents (Swagger 2.0, OpenAPI 3.0 and 3.1) with the vendor's extensions, to and from definitions of APIs.

`text` reads and writes the text, `check` validates it with a library, `operations` and `parameters` turn one operation
of a document into what creating an API takes, `export` turns definitions into a document. Called by
`isthmus.operations.imports` and `exports`; nothing here knows the store. Invariant: a document reaches nothing outside
itself, neither a file nor an address.
"""
