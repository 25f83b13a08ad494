"""Why a package is refused: one named error each, with what was expected and found, and the cure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from core.errors import GridLinkError
from core.i18n import N_, _

_RESEND = N_("Ask the sender to send the package again.")
_COPY_AGAIN = N_("Copy the file again; if that does not help, ask the sender to send it again.")
_REPORT = N_("Do not open the file; report it to the security administrator.")


class PackageRefused(GridLinkError):
    """The package cannot be trusted or read; nothing of it was taken."""

    code = "package_refused"
    sentence: ClassVar[str] = ""
    remedy: ClassVar[str] = _RESEND

    def __init__(self, **facts: Any) -> None:
        super().__init__(_(self.sentence).format(**facts), cure=_(self.remedy).format(**facts), **facts)
        self.others: tuple[PackageRefused, ...] = ()
        """What else is wrong at the same stage."""

    @property
    def every(self) -> list[dict[str, Any]]:
        """This error and the others of its stage, each as the headless contract prints it."""
        return [super().as_dict(), *(other.as_dict() for other in self.others)]

    def as_dict(self) -> dict[str, Any]:
        """The error as the headless contract prints it; ``details["also"]`` has the others of its stage."""
        first, *others = self.every
        return first | {"details": first["details"] | ({"also": others} if others else {})}


def raise_all(found: Iterable[PackageRefused]) -> None:
    """Raises the first of the errors, if there is one, with the others attached."""
    every = list(found)
    if every:
        first, *others = every
        first.others = tuple(others)
        raise first


class FileMissing(PackageRefused):
    """A file that the descriptor names is not there."""

    code = "file_missing"
    sentence = N_("The package lacks {path}, which its descriptor names.")


class FileExtra(PackageRefused):
    """A file is there that the descriptor does not name."""

    code = "file_extra"
    sentence = N_("The package holds {path}, which its descriptor does not name.")


class PackageNotFound(PackageRefused):
    """There is no such file."""

    code = "package_not_found"
    sentence = N_("There is no package at {path}.")
    remedy = N_("Check the path.")


class PackageUnreadable(PackageRefused):
    """The system does not let the file be read."""

    code = "package_unreadable"
    sentence = N_("The package {path} cannot be read: {reason}.")
    remedy = N_("Check the rights on the file and the drive it lies on.")


class NotAZip(PackageRefused):
    """The file is no ZIP archive."""

    code = "not_a_zip"
    sentence = N_("The file is not a ZIP archive; a package is one.")
    remedy = _COPY_AGAIN


class CutOff(NotAZip):
    """It begins as a ZIP archive, but the list of members at the end is not there."""

    sentence = N_("The file begins as a ZIP archive, but after {found} bytes its end is missing or damaged.")


class MemberTooLarge(PackageRefused):
    """A member that must be held in memory whole is larger than such a thing could ever be."""

    code = "too_large"
    sentence = N_("{path} would have {found} bytes; at most {expected} are taken for a file of this kind.")
    remedy = N_("Ask the sender to split the package.")


class TooLarge(PackageRefused):
    """More than a district's data could ever be."""

    code = "too_large"
    sentence = N_("Unpacked, the package would have {found} bytes; at most {expected} are taken.")
    remedy = N_("Ask the sender to split the package.")


class ZipBomb(PackageRefused):
    """A member unpacks to far more than data of this kind does."""

    code = "zip_bomb"
    sentence = N_("{path} unpacks to {found} times its size; at most {expected} times is taken: a zip bomb.")
    remedy = _REPORT


class MemberLonger(ZipBomb):
    """A member goes on after the size that the archive claims for it."""

    sentence = N_("{path} goes on after the {expected} bytes that the archive claims for it: a zip bomb.")


class UnsafePath(PackageRefused):
    """A member's path climbs out, is absolute, or is otherwise not plain."""

    code = "unsafe_path"
    sentence = N_("The path “{path}” leaves the package's folder or is not a plain relative path.")
    remedy = _REPORT


class PathTwice(UnsafePath):
    """Two members would be one file on some systems."""

    sentence = N_("The package holds “{path}” and “{other}”, which are one file on some systems.")
    remedy = _RESEND


class CompressionUnknown(PackageRefused):
    """A member is packed otherwise than version 1 has it."""

    code = "compression_unknown"
    sentence = N_("{path} is packed by ZIP method {found}; version 1 has deflate (8) or none (0).")


class EncryptedMember(PackageRefused):
    """A member is encrypted by ZIP's own means."""

    code = "encrypted_member"
    sentence = N_("{path} is encrypted by ZIP; packages are sealed by JWE only.")


class LinkMember(PackageRefused):
    """A member is a link or a device."""

    code = "link_member"
    sentence = N_("{path} is a link; packages hold plain files only.")


class DescriptorMissing(PackageRefused):
    """No ``datapackage.json``."""

    code = "descriptor_missing"
    sentence = N_("The package holds no datapackage.json.")


class DescriptorInvalid(PackageRefused):
    """The descriptor is not as version 1 has it."""

    code = "descriptor_invalid"
    sentence = N_("datapackage.json: {place} should be {expected}, but is {found}.")


class DescriptorDamaged(DescriptorInvalid):
    """The descriptor cannot be unpacked."""

    sentence = N_("{path} was altered or damaged and cannot be unpacked.")
    remedy = _COPY_AGAIN


class VersionUnknown(PackageRefused):
    """A version that this client does not know."""

    code = "version_unknown"
    sentence = N_("The package is of version {found}; this client reads version {expected}.")
    remedy = N_("Update GridLink, or ask the sender for version {expected}.")


class BytesDiffer(PackageRefused):
    """A file's length is not what the descriptor says."""

    code = "bytes_differ"
    sentence = N_("{path} has {found} bytes; the descriptor says {expected}.")


class HashDiffers(PackageRefused):
    """A file's content is not what the descriptor says."""

    code = "hash_differs"
    sentence = N_("{path} was altered or damaged: its digest is {found}, the descriptor says {expected}.")


class MemberDamaged(HashDiffers):
    """A file cannot be unpacked, so that no digest can be made."""

    sentence = N_("{path} was altered or damaged and cannot be unpacked.")
    remedy = _COPY_AGAIN


class SignatureMissing(PackageRefused):
    """No signature."""

    code = "signature_missing"
    sentence = N_("The package is not signed: it holds no datapackage.json.jws.")


class SignatureInvalid(PackageRefused):
    """The signature is not the sender's over these bytes."""

    code = "signature_invalid"
    sentence = N_("The signature was not made by {expected}'s key over this descriptor.")
    remedy = N_("Do not use the package; ask {expected} by another way whether it sent it.")


class SignatureUnreadable(SignatureInvalid):
    """What stands in the signature's place is none."""

    sentence = N_("datapackage.json.jws is not a signature as version 1 has it (detached JWS, EdDSA).")


class SignerDiffers(SignatureInvalid):
    """Signed in another's name than the sender's."""

    sentence = N_("The package says that it is from {expected}, but “{found}” signed it.")


class UnknownKey(PackageRefused):
    """No trusted key of this sender."""

    code = "unknown_key"
    sentence = N_("This store trusts no key of “{sender}”.")
    remedy = N_(
        "Get the sender's public key by a way you trust and take it in with “gridlink key import-sender”."
    )


class SequenceRepeated(PackageRefused):
    """The number was used before, with other content."""

    code = "sequence_repeated"
    sentence = N_("{sender} already sent a package number {sequence}, with other content.")
    remedy = N_("Ask the sender which of the two holds; a correction needs a new number.")


class SequenceOutOfOrder(PackageRefused):
    """Older than what was imported, and never imported itself."""

    code = "sequence_out_of_order"
    sentence = N_(
        "Number {sequence} of {sender} comes after number {last} was imported; its older rows would win."
    )
    remedy = N_("Undo the later imports of this sender, then import all in order.")


class ChainBroken(PackageRefused):
    """It does not follow from the sender's previous package."""

    code = "chain_broken"
    sentence = N_(
        "Number {sequence} of {sender} does not follow its predecessor: expected {expected}, found {found}."
    )
    remedy = N_("Ask the sender whether a package was replaced or lost.")


class WrongReceiver(PackageRefused):
    """Meant for somebody else."""

    code = "wrong_receiver"
    sentence = N_("The package is for {found}; this store belongs to {expected}.")
    remedy = N_("Hand the package on to {found}.")


class ForbiddenColumn(PackageRefused):
    """A column that GridLink must never keep."""

    code = "forbidden_column"
    sentence = N_("{resource} carries the column “{column}”, which the registry must never hold.")
    remedy = N_("Ask the sender to leave that column out.")


class ColumnMissing(PackageRefused):
    """A required column is not there."""

    code = "column_missing"
    sentence = N_("{resource} lacks the required column “{column}”.")


class HeaderDiffers(PackageRefused):
    """The file's first line and the declared schema disagree."""

    code = "header_differs"
    sentence = N_("{path}: the header is {found}, the schema declares {expected}.")


class NotUtf8(PackageRefused):
    """Text in another encoding."""

    code = "not_utf8"
    sentence = N_("{path} is not UTF-8: line {line}, byte {byte}{hint}.")
    remedy = N_("Ask the sender to export as UTF-8 and to send the package again.")


class CsvMalformed(PackageRefused):
    """The table's records cannot be told apart."""

    code = "csv_malformed"
    sentence = N_("{path} cannot be read as a table: line {line}: {reason}.")
    remedy = N_("Ask the sender to export the table anew (CSV by RFC 4180) and to send the package again.")


class CsvUnreadable(CsvMalformed):
    """The engine reads other records than were counted."""

    sentence = N_("{path} cannot be read as a table.")


class GeoJsonMalformed(PackageRefused):
    """The grids are no FeatureCollection."""

    code = "geojson_malformed"
    sentence = N_("{path} cannot be read as GeoJSON: {reason}.")


class SealUnreadable(PackageRefused):
    """Sealed for another key, or damaged."""

    code = "seal_unreadable"
    sentence = N_(
        "{path} cannot be opened with this station's key: it is sealed for another one, or damaged."
    )
    remedy = N_("Give the sender this station's public sealing key (“gridlink key export-station”).")
