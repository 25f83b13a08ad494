import statistics
import threading
import time

import pytest

from core.security import accounts, audit
from core.security.accounts import AccountInvalid, LoginRefused, authenticate
from core.security.passwords import PasswordWeak, check
from core.security.separation import SeparationBroken, separation
from core.security.workspace import Actor, NotPermitted, Workspace
from tests.core.security.samples import FOUNDER, PASSWORD

GOOD = "平江路-0512"


def refused(store, name, password, clock):
    with pytest.raises(LoginRefused) as error:
        authenticate(store, name, password, clock=clock)
    return error.value.as_dict()


def actions(workspace):
    return [entry.action for entry in reversed(audit.entries(workspace))]


def test_the_founder_holds_all_administrations_and_the_store_says_so(workspace, store):
    assert workspace.actor.roles == accounts.FOUNDER_ROLES
    with store.read() as connection:
        state = separation(connection)
    assert state.combined == (FOUNDER,)
    assert not state.separated
    assert FOUNDER in state.sentence


def test_a_store_has_one_founder_only(store):
    with store.write() as connection, pytest.raises(AccountInvalid):
        accounts.found_store_account(connection, "另一人", GOOD, "")


def test_the_refusal_does_not_tell_why(store, workspace, clock):
    accounts.create_account(workspace, "离职", GOOD, ["officer"])
    accounts.set_enabled(workspace, "离职", enabled=False)
    unknown = refused(store, "没有此人", GOOD, clock)
    wrong = refused(store, FOUNDER, "wrong", clock)
    disabled = refused(store, "离职", GOOD, clock)
    for _ in range(5):
        refused(store, FOUNDER, "wrong", clock)
    locked = refused(store, FOUNDER, PASSWORD, clock)
    assert unknown == wrong == disabled == locked


def test_five_failures_lock_the_account_for_fifteen_minutes(store, clock):
    for _ in range(5):
        refused(store, FOUNDER, "wrong", clock)
    clock.forward(minutes=14, seconds=59)
    refused(store, FOUNDER, PASSWORD, clock)
    clock.forward(seconds=1)
    assert authenticate(store, FOUNDER, PASSWORD, clock=clock).name == FOUNDER


def test_four_failures_do_not_lock_and_success_forgets_them(store, clock):
    for _ in range(2):
        for _ in range(4):
            refused(store, FOUNDER, "wrong", clock)
        authenticate(store, FOUNDER, PASSWORD, clock=clock)


def test_every_attempt_is_on_record(store, workspace, clock):
    refused(store, "password-typed-here", "x", clock)
    for _ in range(5):
        refused(store, FOUNDER, "wrong", clock)
    refused(store, FOUNDER, PASSWORD, clock)
    assert actions(workspace)[1:] == [
        "login.succeeded", "login.unknown", *["login.failed"] * 4, "login.locked", "login.while_locked",
    ]  # fmt: skip
    assert not any("typed" in entry.subject + entry.details for entry in audit.entries(workspace))


def test_an_unknown_name_takes_as_long_as_a_known_one(store, clock):
    def seconds(name):
        start = time.perf_counter()
        refused(store, name, "wrong-password", clock)
        return time.perf_counter() - start

    seconds("warm up")
    unknown = statistics.median(seconds(f"unknown{n}") for n in range(4))
    known = statistics.median(seconds(FOUNDER) for _ in range(4))
    assert 0.4 < unknown / known < 2.5


def test_the_password_is_kept_only_as_an_argon2_hash(store):
    with store.read() as connection:
        (hashed,) = connection.exec_driver_sql("SELECT password_hash FROM account").scalars()
    assert hashed.startswith("$argon2id$")


@pytest.mark.parametrize(
    "password",
    ["short1!", "12345678", "Password123", "aaaaaaaaaaaa", "qwertzui", "ADMINISTRATOR", "x" * 300],
)
def test_a_weak_password_is_refused_with_a_cure(password):
    with pytest.raises(PasswordWeak) as error:
        check(password, name="administrator")
    assert error.value.cure


@pytest.mark.parametrize("password", ["Letters and", "abcdefg1", "abcdefg-", "correcthorsebattery", "平江路-0512"])
def test_an_honest_password_is_accepted(password):
    check(password, name="administrator")


def test_an_account_works_from_its_making_on(workspace, store, clock):
    accounts.create_account(workspace, "王警官", GOOD, ["officer"])
    actor = authenticate(store, "王警官", GOOD, clock=clock)
    assert actor.may("registry.read")
    assert not actor.may("account.manage")


@pytest.mark.parametrize("name", ["", "x", " 王警官", "王\n警官", "王" * 65])
def test_a_name_that_would_confuse_is_refused(workspace, name):
    with pytest.raises(AccountInvalid):
        accounts.create_account(workspace, name, GOOD, ["officer"])


def test_a_name_is_given_once(workspace):
    accounts.create_account(workspace, "王警官", GOOD, ["officer"])
    with pytest.raises(AccountInvalid, match="王警官"):
        accounts.create_account(workspace, "王警官", GOOD, ["steward"])


def test_a_role_that_does_not_exist_is_named(workspace):
    with pytest.raises(AccountInvalid, match="emperor"):
        accounts.create_account(workspace, "王警官", GOOD, ["emperor"])
    with pytest.raises(AccountInvalid):
        accounts.create_account(workspace, "王警官", GOOD, [])


def test_one_account_may_not_newly_combine_administrations(workspace):
    with pytest.raises(SeparationBroken):
        accounts.create_account(workspace, "王警官", GOOD, ["system_administrator", "audit_administrator"])
    accounts.create_account(workspace, "王警官", GOOD, ["system_administrator"])
    with pytest.raises(SeparationBroken):
        accounts.set_roles(workspace, "王警官", ["system_administrator", "security_administrator"])


def test_the_founder_hands_the_administrations_over_one_by_one(workspace, store):
    for name, role in (("系统", "system_administrator"), ("审计", "audit_administrator")):
        accounts.create_account(workspace, name, GOOD, [role])
    accounts.set_roles(workspace, FOUNDER, ["security_administrator"])
    with store.read() as connection:
        assert separation(connection).separated


def test_no_administration_is_left_without_anybody(workspace):
    with pytest.raises(SeparationBroken):
        accounts.set_roles(workspace, FOUNDER, ["steward"])
    with pytest.raises(SeparationBroken):
        accounts.set_enabled(workspace, FOUNDER, enabled=False)
    assert accounts.list_accounts(workspace)[0].roles == accounts.FOUNDER_ROLES


def test_changing_the_own_password_needs_the_old_one(workspace, store, clock):
    with pytest.raises(LoginRefused):
        accounts.change_password(workspace, "wrong", GOOD)
    accounts.change_password(workspace, PASSWORD, GOOD)
    refused(store, FOUNDER, PASSWORD, clock)
    authenticate(store, FOUNDER, GOOD, clock=clock)
    assert {"account.password_change_failed", "account.password_changed"} <= set(actions(workspace))


def test_a_new_password_from_the_administrator_unlocks(workspace, store, clock):
    accounts.create_account(workspace, "王警官", GOOD, ["officer"])
    for _ in range(5):
        refused(store, "王警官", "wrong", clock)
    accounts.reset_password(workspace, "王警官", "山塘街-2027")
    authenticate(store, "王警官", "山塘街-2027", clock=clock)


def test_accounts_are_the_security_administrators_business(workspace):
    steward = Workspace(workspace.store, Actor("数据", frozenset({"steward"})), workspace.clock)
    for act in (
        lambda: accounts.create_account(steward, "王警官", GOOD, ["officer"]),
        lambda: accounts.set_roles(steward, FOUNDER, ["officer"]),
        lambda: accounts.list_accounts(steward),
        lambda: accounts.reset_password(steward, FOUNDER, GOOD),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_the_idle_lock_can_be_set_but_not_switched_off(workspace):
    assert accounts.idle_lock_minutes(workspace) == accounts.IDLE_LOCK_DEFAULT
    accounts.set_idle_lock_minutes(workspace, 5)
    assert accounts.idle_lock_minutes(workspace) == 5
    with pytest.raises(AccountInvalid):
        accounts.set_idle_lock_minutes(workspace, 0)


def test_failures_from_many_clients_at_once_are_all_counted(store, clock):
    """Five guesses side by side are five guesses."""
    guesses = [threading.Thread(target=refused, args=(store, FOUNDER, "wrong", clock)) for _ in range(5)]
    for guess in guesses:
        guess.start()
    for guess in guesses:
        guess.join()
    refused(store, FOUNDER, PASSWORD, clock)
