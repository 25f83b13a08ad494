import re

import pytest
from hypothesis import given, settings, strategies as st

from core.security import masking
from core.security.masking import find, mask_address, mask_name, mask_number, mask_phone, mask_text


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"), ("张三丰", "张**"), ("欧阳修", "欧阳*"), ("司马相如", "司马**"), ("欧阳", "欧*"),
        ("张", "张*"), ("张*", "张*"), ("买买提·吐尔逊", "买**·***"), ("Anna Maria", "A*** M****"),
        ("𠮷田光", "𠮷**"), ("", ""),
    ],
)  # fmt: skip
def test_of_a_name_only_the_surname_stays(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "110105********002X"), ("440524880101001", "440524*****1001"),
        ("E12345678", "E1*****78"), ("A123", "****"), ("", ""), ("110105********002X", "110105********002X"),
    ],
)  # fmt: skip
def test_of_a_number_first_six_and_last_four_stay(number, masked):
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"), ("138-1234-5678", "138-****-5678"), ("0512-65123456", "0512-****3456"),
        ("+86 13812345678", "+86 138****5678"), ("138****5678", "138****5678"), ("110", "***"),
    ],
)  # fmt: skip
def test_four_digits_of_a_phone_are_hidden(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("姑苏区平江路12号3幢2单元501室", "姑苏区平江路12号3幢***"),
        ("彩香一村四区12-3-1001", "彩香一村四区12***"),
        ("干将东路58弄11号", "干将东路58弄11号"),
        ("干将东路58弄11号201室", "干将东路58弄11号***"),
        ("山塘街10号之一", "山塘街10号之一"),
        ("山塘街10号附1二楼", "山塘街10号附1***"),
        ("三元四村8号楼１０２室", "三元四村8号楼***"),
        ("三元四村5#301", "三元四村5#***"),
        ("平江路10-1号", "平江路10-1号"),
        ("苏州市姑苏区观前街", "苏州市姑苏区观前街"),
        ("观前街B座1201", "观前街B座***"),
        ("观前街东侧302室", "观前街东侧***"),
    ],
)  # fmt: skip
def test_an_address_is_shown_to_the_building(address, masked):
    assert mask_address(address) == masked


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("身份证11010519491231002X，电话13812345678。", ["identity", "phone"]),
        ("身份证 110105 19491231 002X", ["identity"]),
        ("证号１１０１０５１９４９１２３１００２Ｘ", ["identity"]),
        ("check digit wrong: 110105194912310021", ["identity"]),
        ("居住证810000199809020\u200b13X", []),  # a zero-width blank inside is text, not a number
        ("居住证81000019980902013X", ["identity"]),
        ("永居932682198501010017", ["identity"]),
        ("老证440524880101001", ["identity"]),
        ("卡号6222 0212 3456 7890 128", ["bank_card"]),
        ("卡号4111111111111111", ["bank_card"]),
        ("订单4111111111111112", []),
        ("电话：138 1234 5678 / 0512-65123456", ["phone", "phone"]),
        ("+8613812345678", ["phone"]),
        ("2026-11-23 13812345678", ["phone"]),
        ("地址编码3205080020010000012，12345热线，110", []),
        ("91350100M000100Y43", []),
        ("编号138123456789", []),
        ("", []),
    ],
)
def test_numbers_of_persons_are_found_in_free_text(text, kinds):
    assert [one.kind for one in find(text)] == kinds


def test_masking_a_text_leaves_everything_else_as_it_was():
    text = "张某（11010519491231002X）来电13812345678反映：12号3幢楼道堵塞"
    assert mask_text(text) == "张某（110105********002X）来电138****5678反映：12号3幢楼道堵塞"


def identity_numbers():
    date = st.dates().filter(lambda d: 1900 <= d.year < 2100).map(lambda d: f"{d:%Y%m%d}")
    return st.builds(
        lambda area, born, order, check: f"{area}{born}{order}{check}",
        st.integers(100000, 999999), date, st.from_regex(r"\A[0-9]{3}\Z"), st.sampled_from("0123456789X"),
    )  # fmt: skip


PHONES = st.from_regex(r"\A1[3-9][0-9]{9}\Z")
WORDS = st.text(alphabet="张三住平江路的电话是，。 （）/:", max_size=12)


@settings(max_examples=300)
@given(WORDS, st.one_of(identity_numbers(), PHONES), WORDS, st.one_of(identity_numbers(), PHONES), WORDS)
def test_a_masked_text_never_contains_the_numbers_and_holds_nothing_more_to_find(a, first, b, second, c):
    text = f"{a}{first}{b or ';'}{second}{c}"
    masked = mask_text(text)
    assert first not in masked
    assert second not in masked
    assert find(masked) == []
    assert len(masked) == len(text)


@given(st.text(max_size=80))
def test_text_without_eleven_digits_is_never_touched(text):
    if sum(c.isdigit() for c in text) < 11:
        assert mask_text(text) == text


@given(st.text(min_size=2, max_size=30).filter(lambda t: t.strip()))
def test_masking_a_masked_text_again_changes_nothing(text):
    assert mask_text(mask_text(text)) == mask_text(text)


@given(st.from_regex(r"\A[0-9]{7,20}\Z"))
def test_a_masked_number_keeps_its_length_and_loses_its_middle(number):
    masked = mask_number(number)
    assert len(masked) == len(number)
    assert number not in masked
    assert re.search(r"\*{3}", masked)


def test_every_compound_surname_has_two_characters():
    assert {len(name) for name in masking.COMPOUND_SURNAMES} == {2}
