# SPDX-License-Identifier: MIT
"""The same program with this package and with the C++ module: same names, same results."""

import json
import subprocess
import sys

import pytest
from conftest import CPP_PYTHON, TESTS, clean_environment

import opendht as dht

# Left over from how the C++ module is made.
NOT_MEANT = {'NodeSetIter', 'timedelta'}
NOT_TRIED = {
    # A static method that was declared as one of instances: nothing can call it there.
    ('Query', 'buildFrom'),
    # Ends the process for values that are not signed, and nothing there can sign.
    ('Value', 'owner'),
    # 4096 bits take seconds. Identities have keys that are made in the same way.
    ('PrivateKey', 'generate'),
}


def outcomes(program, interpreter, environment=None, arguments=()):
    command = [interpreter, str(TESTS / program), *arguments]
    options = {'capture_output': True, 'text': True, 'timeout': 100, 'env': environment}
    done = subprocess.run(command, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def with_both(program, *arguments):
    return (
        outcomes(program, CPP_PYTHON, clean_environment(), arguments),
        outcomes(program, sys.executable, arguments=arguments),
    )


@pytest.fixture(scope='module')
def both(has_cpp):
    return with_both('names_program.py')


@pytest.fixture(scope='module')
def both_live(has_cpp, network):
    return with_both('live_program.py', str(network))


def test_every_public_name_of_the_cpp_module_is_here(both):
    theirs, ours = (it['members'] for it in both)
    missing = [
        f'{name}.{member}'
        for name, members in theirs.items()
        if name not in NOT_MEANT
        for member in ['', *members]
        if member not in ['', *ours.get(name, ['?'])] or name not in ours
    ]
    assert missing == []


def test_names_do_the_same_as_in_the_cpp_module(both):
    theirs, ours = (it['results'] for it in both)
    assert len(theirs) > 150
    different = {
        expression: (outcome, ours[expression])
        for expression, outcome in theirs.items()
        if not is_same(outcome, ours[expression])
    }
    assert different == {}


def test_nodes_do_the_same_as_those_of_the_cpp_module(both_live):
    theirs, ours = (it['results'] for it in both_live)
    assert len(theirs) == 18
    assert ours == theirs


def test_every_method_and_property_was_tried_with_both(both, both_live):
    tried = {tuple(it) for _, ours in (both, both_live) for it in ours['tried']}
    members = {
        (name, member)
        for name, names in both[0]['members'].items()
        if name not in NOT_MEANT
        for member in names
        if callable(getattr(getattr(dht, name), member)) or is_property(name, member)
    }
    assert len(members) > 90
    assert sorted(members - tried) == sorted(NOT_TRIED)


def is_property(name, member):
    return isinstance(getattr(getattr(dht, name), member), property)


def is_same(theirs, ours):
    """An exception of ours may be a special kind of theirs."""
    if theirs[0] == 'raises' and ours[0] == 'raises':
        return theirs[1][0] in ours[1]
    return theirs == ours
