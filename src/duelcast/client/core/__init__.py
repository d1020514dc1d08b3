"""The behaviour of the client without I/O: text and time go in, messages and actions come out.

It opens no sockets, starts no tasks, and reads no clock. The rules are those of the conformance traces, which run it.
"""
