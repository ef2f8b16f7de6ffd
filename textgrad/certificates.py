"""The certificates that https connections trust."""

import os
import ssl
from pathlib import Path

from textgrad.errors import UsageError
from textgrad.system_errors import describe

_FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # the first that is set wins
_FOLDERS = "SSL_CERT_DIR"


def ssl_context() -> ssl.SSLContext:
    """Return a context with the certificates that the environment names; by default those of the package certifi.

    Raises:
        UsageError: a variable names no readable certificates.
    """
    variable = next((name for name in _FILES if os.environ.get(name)), "")
    folders = os.environ.get(_FOLDERS) or None
    if folders and not any(Path(folder).is_dir() for folder in folders.split(os.pathsep)):
        raise _unusable(_FOLDERS, folders, "no such folder")
    if not variable and not folders:
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    path = os.environ.get(variable) or None
    if path and variable != "SSL_CERT_FILE" and Path(path).is_dir():  # allowed by requests
        path, folders = None, path
    try:
        return ssl.create_default_context(cafile=path, capath=folders)
    except ssl.SSLError as error:
        raise _unusable(variable, path, "it contains no certificate in PEM format") from error
    except (OSError, ValueError) as error:
        raise _unusable(variable, path, describe(error).partition(";")[0]) from error


def _unusable(variable: str, path: str | None, reason: str) -> UsageError:
    return UsageError(
        f"cannot read the certificates in {variable}={path}: {reason}; name a PEM file of trusted certificates, "
        f"or unset {variable}"
    )
