# SPDX-License-Identifier: MIT
"""Everything public has types, for type checkers, and says what it is, for help()."""

import inspect

import pytest

import opendht
import opendht.aio


def functions_of(kind):
    """Public methods and properties, and the constructor, by name."""
    for name, member in inspect.getmembers(kind):
        function = getattr(member, 'fget', None) or getattr(member, '__func__', member)
        if (name == '__init__' or not name.startswith('_')) and inspect.isfunction(function):
            yield name, function


@pytest.mark.parametrize('module', [opendht, opendht.aio])
def test_all_has_types_and_docstrings(module):
    public = {name: getattr(module, name) for name in module.__all__}
    kinds = {name: it for name, it in public.items() if inspect.isclass(it)}
    functions = {name: it for name, it in public.items() if inspect.isfunction(it)}
    for kind, it in kinds.items():
        functions.update((f'{kind}.{name}', function) for name, function in functions_of(it))
    assert len(kinds) > 10 and len(functions) > 50
    unexplained = [name for name, it in {**kinds, **functions}.items() if is_silent(name, it)]
    untyped = [name for name, it in functions.items() if not has_types(it)]
    assert (unexplained, untyped) == ([], [])


def is_silent(name, it):
    return not name.endswith('.__init__') and not it.__doc__


def has_types(function):
    parameters = [it for it in inspect.signature(function).parameters if it not in ('self', 'cls')]
    return {*parameters, 'return'} <= set(function.__annotations__)
