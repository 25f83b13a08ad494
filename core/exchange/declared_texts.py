"""The texts of ``resources/connectors/*.toml``, marked here for the catalogue."""

from __future__ import annotations

from core.i18n import N_

TITLES = (
    N_("Bureau collection system"),
    N_("Police working platform"),
    N_("Comprehensive grid platform"),
    N_("Provincial residence-permit system"),
    N_("Zhenyan system"),
    N_("Rental-housing supervision platform"),
    N_("Linkage platform"),
    N_("Bureau transmission channel"),
)
NOTES = (
    N_(
        "To be confirmed with the operator: field names, codes and routes are GridLink's profile after GA/T 1223-2020."
    ),
    N_("To be confirmed with the operator: field names, codes and routes are GridLink's profile."),
)
ERRORS = (
    N_("The snapshot has expired."),
    N_("Start the extraction again; it opens a new snapshot."),
    N_("Too many requests."),
    N_("Lower requests_per_second in the connector's file to what the operator allows."),
    N_("The account may not read the view."),
    N_("Ask the operator to grant SELECT on the views that the connector's file names."),
    N_("The file differs from its marker."),
    N_("Have the operator of the crossing send it again; the damaged copy is kept aside."),
    N_("A required item is missing."),
    N_("A code is not one of the receiver's."),
    N_("A date lies in the future."),
    N_("Propose it again with what is missing."),
    N_("There is such an address already."),
    N_("Use the code that the bureau names; extract if it is not here yet."),
    N_("There is no such record."),
    N_("Extract again: the record may be gone there, and is then asked about."),
    N_("Have the date corrected at the source."),
)
STATES = (
    N_("Being examined"),
    N_("Accepted, with the bureau's code"),
    N_("Refused"),
    N_("Received"),
    N_("Assigned for rectification"),
    N_("Being rectified"),
    N_("Rectified, to be re-inspected"),
    N_("Closed after re-inspection"),
    N_("Returned to the sender"),
    N_("Assigned to a department"),
    N_("Being handled"),
    N_("Resolved"),
)
DIRECTIONS = {
    "extract": N_("extraction"),
    "push": N_("push"),
    "packages": N_("packages"),
    "carry": N_("carries others' messages"),
    "correct": N_("corrections back"),
    "propose": N_("proposals"),
}
