"""SFTP to one upstream system: its host key pinned, our own key shown, one kept connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

import asyncssh

from core.exchange.transports.drop import Drop
from core.exchange.transports.pace import FREE, Pace
from core.exchange.troubles import Refused, Trouble, Unclear, Unreachable
from core.i18n import _

Result = TypeVar("Result")
_REFUSING: Final = (
    asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied, asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath,
    asyncssh.SFTPWriteProtect, asyncssh.SFTPNotADirectory, asyncssh.SFTPOpUnsupported,
)  # fmt: skip
_FULL: Final = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded, asyncssh.SFTPFailure)
"""Servers of protocol version 3 say ``failure`` for a full disk; nothing of the message counts before its rename."""


_LOOKS: Final = 5


class Sftp(Drop):
    """Folders on an SFTP server at ``sftp://user@host:port/base``; connects at the first use.

    ``host_key`` is the server's public key line, and no other is believed; ``private_pem`` or ``password``
    show who we are.
    """

    def __init__(
        self, url: str, *, host_key: str, routes: Mapping[str, str], connect_seconds: float, reply_seconds: float,
        private_pem: str = "", password: str = "", pace: Pace = FREE,
    ) -> None:  # fmt: skip
        super().__init__(routes, pace)
        self._url, self._host_key = urlsplit(url), host_key
        self._private_pem, self._password = private_pem, password
        self._connect_seconds, self._reply_seconds = connect_seconds, reply_seconds
        self._loop = asyncio.new_event_loop()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.abort()
            with contextlib.suppress(asyncssh.Error, OSError, TimeoutError):
                self._loop.run_until_complete(asyncio.wait_for(self._connection.wait_closed(), 5))
        self._connection = self._client = None
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _names(self, folder: str) -> set[str]:
        """Some servers fail to list a folder while a file is moved out of it: that is looked at again."""

        async def listed(sftp: asyncssh.SFTPClient) -> set[str]:
            for _look in range(_LOOKS):
                with contextlib.suppress(asyncssh.SFTPNoSuchFile):
                    return {str(name) for name in await sftp.listdir(self._path(folder))}
                await asyncio.sleep(0.05)
            return {str(name) for name in await sftp.listdir(self._path(folder))}

        return self._told(listed) - {".", ".."}

    def _read(self, path: str) -> bytes:
        async def read(sftp: asyncssh.SFTPClient) -> bytes:
            async with sftp.open(self._path(path), "rb") as file:
                content = await file.read()
                return content if isinstance(content, bytes) else content.encode()

        return self._told(read)

    def _write(self, path: str, body: bytes) -> None:
        async def write(sftp: asyncssh.SFTPClient) -> None:
            async with sftp.open(self._path(path), "wb") as file:
                await file.write(body)
            written = (await sftp.stat(self._path(path))).size
            if written != len(body):
                raise asyncssh.SFTPFailure(f"{written} of {len(body)} bytes")

        self._told(write)

    def _rename(self, old: str, new: str) -> None:
        self._told(lambda sftp: sftp.posix_rename(self._path(old), self._path(new)))

    def _commit(self, old: str, new: str) -> None:
        self._told(lambda sftp: sftp.posix_rename(self._path(old), self._path(new)), committing=True)

    def _remove(self, path: str) -> None:
        self._told(lambda sftp: sftp.remove(self._path(path)))

    def _path(self, path: str) -> str:
        return f"{unquote(self._url.path).rstrip('/')}/{path}"

    def _told(
        self, act: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, Result]], *, committing: bool = False
    ) -> Result:
        """Runs one file operation; every error becomes a trouble, and a broken connection is let go of."""
        try:
            client = self._client or self._run(self._connect(), self._connect_seconds)
            self._client = client
        except (asyncssh.Error, asyncssh.KeyImportError, OSError, TimeoutError) as error:
            raise trouble_of(error) from error
        try:
            return self._run(act(client), self._reply_seconds)
        except (asyncssh.Error, OSError, TimeoutError) as error:
            trouble = trouble_of(error, committing=committing)
            if not isinstance(trouble, Refused):
                self._client = None
            raise trouble from error

    def _run(self, act: Coroutine[Any, Any, Result], seconds: float) -> Result:
        return self._loop.run_until_complete(asyncio.wait_for(act, seconds))

    async def _connect(self) -> asyncssh.SFTPClient:
        url = self._url
        keys = [asyncssh.import_private_key(self._private_pem)] if self._private_pem else None
        self._connection = await asyncssh.connect(
            url.hostname or "", url.port or 22, username=unquote(url.username or ""), client_keys=keys,
            password=self._password or None, known_hosts=([asyncssh.import_public_key(self._host_key)], [], []),
            config=None, agent_path=None, connect_timeout=self._connect_seconds,
        )  # fmt: skip
        return await self._connection.start_sftp_client()


def is_host_key(line: str) -> bool:
    """Whether a text is a public key as SSH servers have it."""
    try:
        asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        return False
    return True


def trouble_of(error: Exception, *, committing: bool = False) -> Trouble:
    """Our word for a library's error; only a connection that breaks at the committing rename is unclear."""
    cause = type(error).__name__
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return Unreachable(
            _("The server shows another host key than the one set under Exchange."),
            cure=_("Compare the host key under Exchange with the operator's; nothing was sent."),
            cause="host_key",
        )
    if isinstance(error, _FULL):
        return Refused(
            _("The folder of the crossing is full."),
            cure=_("Have the operator make room; everything waits in the outbox."),
            cause="full",
        )
    if isinstance(error, (*_REFUSING, asyncssh.KeyImportError)):
        return Refused(
            _("The folder of the crossing may not be used ({cause}).").format(cause=cause),
            cure=_("Have the operator grant this machine the right to read and write there."),
            cause=cause,
        )
    if committing:
        return Unclear(
            _("The connection to the upstream system broke before its receipt came ({cause}).").format(
                cause=cause
            ),
            cure=_("Push again: GridLink first asks which records arrived."),
            cause=cause,
        )
    return Unreachable(
        _("The upstream system cannot be reached ({cause}).").format(cause=cause),
        cure=_(
            "Check the network and the address under Exchange; nothing was lost, everything waits in the outbox."
        ),
        cause=cause,
    )
