# SPDX-License-Identifier: MIT
"""OpenDHT: a distributed hash table. Values are put under keys, found by anyone who knows the key,
and listened to. This module blocks or takes callbacks; `opendht.aio` is for asyncio.
"""

from ._addresses import SockAddr
from ._certificates import Certificate, Identity, TrustList, VerifyResult
from ._config import DhtConfig
from ._errors import BridgeError, CryptoError, DhtError, NodeNotFoundError
from ._hashes import InfoHash, PkId
from ._keys import PrivateKey, PublicKey, aesDecrypt, aesEncrypt
from ._nodes import Node, NodeEntry, NodeSet
from ._pht import IndexValue, Pht
from ._queries import Query, Select, Where
from ._runner import DhtRunner, ListenToken
from ._values import Value, ValueType
from ._version import __version__


def version() -> str:
    """The version of the package."""
    return __version__


__all__ = [
    'BridgeError',
    'Certificate',
    'CryptoError',
    'DhtConfig',
    'DhtError',
    'DhtRunner',
    'Identity',
    'IndexValue',
    'InfoHash',
    'ListenToken',
    'Node',
    'NodeEntry',
    'NodeNotFoundError',
    'NodeSet',
    'Pht',
    'PkId',
    'PrivateKey',
    'PublicKey',
    'Query',
    'Select',
    'SockAddr',
    'TrustList',
    'Value',
    'ValueType',
    'VerifyResult',
    'Where',
    '__version__',
    'aesDecrypt',
    'aesEncrypt',
    'version',
]
