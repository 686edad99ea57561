# SPDX-License-Identifier: MIT
"""The examples of the readme, as they stand there but for the host."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import run_program

import opendht as dht

README = (Path(__file__).parent.parent / 'README.md').read_text()
EXAMPLES = {
    section.splitlines()[0]: section.split('```python\n')[1].split('```')[0]
    for section in README.split('\n## ')[1:]
}


@pytest.fixture
def entry():
    """A node of the public network, of which there is one here."""
    node = dht.DhtRunner()
    node.run(ipv4='127.0.0.1')
    # User data, so that a value is gone after a moment.
    node.registerType(dht.ValueType(0, 'user data', timedelta(seconds=2)))
    node.put(dht.InfoHash.get('unique_key'), dht.Value(b'from elsewhere'))
    yield node
    node.join()


VALUE = r'Value\[id:\w+ data:%s\]'
ELSEWHERE, OWN, OTHER = (
    VALUE % data.hex() for data in (b'from elsewhere', b'some binary data', b'tata data')
)


@pytest.mark.parametrize(
    'title, wanted',
    [
        ('Blocking', {OWN, ELSEWHERE}),
        ('asyncio', {r'\[<.*Value.*\]', OTHER, ELSEWHERE}),
        ('Listening, with expiry', {f'there {ELSEWHERE}', f'gone {ELSEWHERE}'}),
    ],
)
def test_examples_of_the_readme(entry, title, wanted):
    program = EXAMPLES[title]
    assert program.count('"bootstrap.jami.net", "4222"') == 1
    port = entry.getBound().getPort()
    program = program.replace('"bootstrap.jami.net", "4222"', f'"127.0.0.1", "{port}"')
    done = run_program(program)
    assert done.stderr == ''
    unwanted = [
        line
        for line in done.stdout.splitlines()
        if not any(re.fullmatch(pattern, line) for pattern in wanted)
    ]
    missing = [it for it in wanted if not re.search(f'^{it}$', done.stdout, re.M)]
    assert (unwanted, missing) == ([], [])
