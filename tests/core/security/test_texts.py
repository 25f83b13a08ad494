import pytest

from core.i18n import set_language
from core.security import accounts
from core.security.separation import SeparationBroken


@pytest.fixture
def chinese():
    set_language("zh")
    yield
    set_language("en")


def test_roles_are_named_in_the_users_language(workspace, chinese):
    with pytest.raises(SeparationBroken) as error:
        accounts.set_roles(workspace, "站长", ["steward", "audit_administrator"])
    assert error.value.message == "此操作将导致无人担任系统管理员、安全管理员。"
