# SPDX-License-Identifier: MIT
"""Which values of a key are wanted (Where), which of their fields (Select), and both (Query)."""

from __future__ import annotations

import re
from typing import Any, List, Optional, Tuple, Union

from ._check import expect, expect_uint
from ._hashes import InfoHash

ID, TYPE, OWNER, SEQ, USER_TYPE = range(1, 6)

_FIELDS = {'id': ID, 'value_type': TYPE, 'owner_pk': OWNER, 'seq': SEQ, 'user_type': USER_TYPE}
_SELECTED = {
    ID: 'id',
    TYPE: 'value_type',
    OWNER: 'owner_public_key',
    SEQ: 'seq',
    USER_TYPE: 'user_type',
}
_COMPARED = {**_SELECTED, OWNER: 'owner_pk_hash'}

Condition = Tuple[int, Union[int, str, InfoHash]]


class Select:
    """Fields of values. `Select("SELECT id,seq")`, or `Select().field(1).field(4)`."""

    __slots__ = ('_fields',)

    def __init__(self, q_str: Optional[str] = None) -> None:
        self._fields: List[int] = []
        if q_str is None:
            return
        expect('q_str', q_str, str)
        words = re.split('WHERE|where', q_str)[0].split()
        if not words:
            return
        if words[0] not in ('SELECT', 'select'):
            raise _error(q_str, f'expected SELECT, got "{words[0]}"')
        for name in ''.join(words[1:]).split(','):
            if name in _FIELDS:
                self.field(_FIELDS[name])
            elif name != '*':
                raise _error(q_str, f'unknown field "{name}"')

    def field(self, field: int) -> Select:
        """Adds one by its number: 1 id, 2 type, 3 owner, 4 sequence number, 5 user type."""
        number = expect_uint('field', field, 32)
        if number not in _SELECTED:
            raise ValueError(f"Argument 'field' must be 1 to 5: got {field}")
        if number not in self._fields:
            self._fields.append(number)
        return self

    def isSatisfiedBy(self, os: Select) -> bool:
        """Whether an answer to `os` holds all fields of this one."""
        expect('os', os, Select)
        return (
            not self._fields
            and not os._fields
            or (bool(self._fields) and set(self._fields) <= set(os._fields))
        )

    def __str__(self) -> str:
        return 'SELECT ' + (','.join(_SELECTED[it] for it in self._fields) or '*')


class Where:
    """Conditions that all have to hold. `Where("WHERE id=5")`, or `Where().id(5)`."""

    __slots__ = ('_conditions',)

    def __init__(self, q_str: Optional[str] = None) -> None:
        self._conditions: List[Condition] = []
        if q_str is None:
            return
        expect('q_str', q_str, str)
        parts = re.split('WHERE|where', q_str, maxsplit=1)
        for part in parts[1].split(',') if len(parts) > 1 else []:
            self._parse(q_str, part)

    def id(self, id: int) -> Where:
        """The value id."""
        return self._add(ID, expect_uint('id', id, 64))

    def valueType(self, type: int) -> Where:
        """The number of the value type."""
        return self._add(TYPE, expect_uint('type', type, 16))

    def owner(self, owner_pk_hash: InfoHash) -> Where:
        """The id of the signer's key."""
        expect('owner_pk_hash', owner_pk_hash, InfoHash)
        return self._add(OWNER, owner_pk_hash)

    def seq(self, seq_no: int) -> Where:
        """The revision; nodes cannot look for it, so this one applies it."""
        return self._add(SEQ, expect_uint('seq_no', seq_no, 16))

    def userType(self, user_type: str) -> Where:
        """The user type."""
        expect('user_type', user_type, str)
        return self._add(USER_TYPE, user_type)

    def isSatisfiedBy(self, where: Where) -> bool:
        """Whether what fits these conditions fits those of `where`, too."""
        expect('where', where, Where)
        return all(condition in self._conditions for condition in where._conditions)

    def _add(self, field: int, value: Union[int, str, InfoHash]) -> Where:
        if (field, value) not in self._conditions:
            self._conditions.append((field, value))
        return self

    def _parse(self, text: str, part: str) -> None:
        name, _, value = (it.strip() for it in part.partition('='))
        if value == '' and name == '':
            return
        field = _FIELDS.get(name)
        if field is None:
            raise _error(text, f'unknown field "{name}"')
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if field == USER_TYPE:
            self._add(field, value)
        elif field == OWNER:
            self._add(field, InfoHash(value.encode()))
        elif re.fullmatch('[0-9]+', value):
            self._add(field, expect_uint(name, int(value), 64 if field == ID else 16))
        else:
            raise _error(text, f'"{value}" is no number')

    def _packed(self) -> Optional[List[Any]]:
        """For the engine."""
        if not self._conditions:
            return None
        return [
            [field, bytes(value) if isinstance(value, InfoHash) else value]
            for field, value in self._conditions
        ]

    def __str__(self) -> str:
        if not self._conditions:
            return ''
        return 'WHERE ' + ','.join(
            f'{_COMPARED[field]}={value}' for field, value in self._conditions
        )


class Query:
    """Fields and conditions: `Query("SELECT id WHERE value_type=3")`."""

    __slots__ = ('_select', '_where')

    def __init__(self, q_str: str = '') -> None:
        expect('q_str', q_str, str)
        self._select = Select(q_str if re.match(r'\s*(SELECT|select)\b', q_str) else None)
        self._where = Where(q_str)
        if q_str.strip() and not self._select._fields and 'where' not in q_str.lower():
            if not re.match(r'\s*select\b', q_str, re.I):
                raise _error(q_str, 'expected SELECT or WHERE')

    @staticmethod
    def buildFrom(s: Select, w: Where) -> Query:
        """A query of both parts."""
        expect('s', s, Select)
        expect('w', w, Where)
        query = Query()
        query._select, query._where = s, w
        return query

    def isSatisfiedBy(self, q: Query) -> bool:
        """Whether an answer to `q` holds all that this query asks for."""
        expect('q', q, Query)
        return self._where.isSatisfiedBy(q._where) and self._select.isSatisfiedBy(q._select)

    def __str__(self) -> str:
        return f'Query[{self._select} {self._where}]'


def _error(text: str, problem: str) -> ValueError:
    return ValueError(f'Error parsing query "{text}": {problem}')
