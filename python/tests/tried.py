# SPDX-License-Identifier: MIT
"""Which public members of the package a program uses, each with the class of the object: so that
test_names.py can say which ones it never tried. Sees nothing of a module that is not Python.
"""

import sys


class Tried:
    """Watches the thread that makes it, from then on."""

    def __init__(self, module):
        self.members = set()
        self._named = {}
        for kind in (it for it in vars(module).values() if isinstance(it, type)):
            for name in dir(kind):
                if not name.startswith('_'):
                    self._add(kind, name)
        sys.setprofile(self._on_event)

    def _add(self, kind, name):
        member = getattr(kind, name)
        functions = [member, *(getattr(member, it, None) for it in ('fget', 'fset', '__func__'))]
        for function in functions:
            code = getattr(function, '__code__', None)
            if code is not None:
                self._named.setdefault(code, set()).add((kind, name))

    def _on_event(self, frame, event, _argument):
        if event != 'call':
            return
        code = frame.f_code
        named = self._named.get(code)
        if named is None:
            return
        first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        owner = first if isinstance(first, type) else type(first)
        own = {it for it in named if it[0] is owner}
        # A static method is told nothing of its class.
        self.members |= {(kind.__name__, name) for kind, name in own or named}
