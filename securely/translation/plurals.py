"""Which form of the plural a number takes: a rule for each language.

Source: Laravel 13, MessageSelector::getPluralIndex, which has them from Zend Framework 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

__all__ = ["Number", "has_rule", "plural_index"]

Number: TypeAlias = int | float | Decimal

Rule: TypeAlias = Callable[[Number], int]


def plural_index(locale: str, number: Number) -> int:
    """Return which form *number* takes in *locale*; 0 is the first.

    A locale that is not known has one form. Fractions count as they are where a rule names whole
    numbers, and without their fraction where it looks at the last digits.

    Example:
        >>> [plural_index("ru", number) for number in (1, 2, 5, 21)]
        [0, 1, 2, 0]
        >>> plural_index("ja", 5)
        0
    """
    rule = _RULES.get(locale)
    return 0 if rule is None else rule(number)


def has_rule(locale: str) -> bool:
    """Tell whether *locale* is written as one of those with a rule.

    Example:
        >>> has_rule("de_AT"), has_rule("de-AT")
        (True, False)
    """
    return locale in _RULES


def _last(number: Number, base: int) -> int:
    """Return the last digits of the whole part, with the sign of the number."""
    if not math.isfinite(number):
        return 0
    whole = int(number)
    return whole % base if whole >= 0 else -(-whole % base)


def _one_form(number: Number) -> int:
    del number
    return 0


def _one_or_other(number: Number) -> int:
    return int(number != 1)


def _up_to_one(number: Number) -> int:
    return int(number not in (0, 1))


def _slavic(number: Number) -> int:
    ten, hundred = _last(number, 10), _last(number, 100)
    if ten == 1 and hundred != 11:
        return 0
    return 1 if 2 <= ten <= 4 and (hundred < 10 or hundred >= 20) else 2


def _czech(number: Number) -> int:
    if number == 1:
        return 0
    return 1 if 2 <= number <= 4 else 2


def _irish(number: Number) -> int:
    if number == 1:
        return 0
    return 1 if number == 2 else 2


def _lithuanian(number: Number) -> int:
    ten, hundred = _last(number, 10), _last(number, 100)
    if ten == 1 and hundred != 11:
        return 0
    return 1 if ten >= 2 and (hundred < 10 or hundred >= 20) else 2


def _slovene(number: Number) -> int:
    hundred = _last(number, 100)
    if hundred in (1, 2):
        return hundred - 1
    return 2 if hundred in (3, 4) else 3


def _macedonian(number: Number) -> int:
    return int(_last(number, 10) != 1)


def _maltese(number: Number) -> int:
    if number == 1:
        return 0
    hundred = _last(number, 100)
    if number == 0 or 1 < hundred < 11:
        return 1
    return 2 if 10 < hundred < 20 else 3


def _latvian(number: Number) -> int:
    if number == 0:
        return 0
    return 1 if _last(number, 10) == 1 and _last(number, 100) != 11 else 2


def _polish(number: Number) -> int:
    if number == 1:
        return 0
    hundred = _last(number, 100)
    return 1 if 2 <= _last(number, 10) <= 4 and (hundred < 12 or hundred > 14) else 2


def _welsh(number: Number) -> int:
    if number in (1, 2):
        return int(number) - 1
    return 2 if number in (8, 11) else 3


def _romanian(number: Number) -> int:
    if number == 1:
        return 0
    return 1 if number == 0 or 0 < _last(number, 100) < 20 else 2


def _arabic(number: Number) -> int:
    if number in (0, 1, 2):
        return int(number)
    hundred = _last(number, 100)
    if 3 <= hundred <= 10:
        return 3
    return 4 if 11 <= hundred <= 99 else 5


# Written out, as Laravel has them: what is not named here has one form.
_LOCALES: Final[tuple[tuple[Rule, str], ...]] = (
    (
        _one_form,
        (
            "az az_AZ bo bo_CN bo_IN dz dz_BT id id_ID ja ja_JP jv ka ka_GE km km_KH kn kn_IN ko "
            "ko_KR ms ms_MY th th_TH tr tr_CY tr_TR vi vi_VN zh zh_CN zh_HK zh_SG zh_TW"
        ),
    ),
    (
        _one_or_other,
        (
            "af af_ZA bn bn_BD bn_IN bg bg_BG ca ca_AD ca_ES ca_FR ca_IT da da_DK de de_AT de_BE "
            "de_CH de_DE de_LI de_LU el el_CY el_GR en en_AG en_AU en_BW en_CA en_DK en_GB en_HK "
            "en_IE en_IN en_NG en_NZ en_PH en_SG en_US en_ZA en_ZM en_ZW eo eo_US es es_AR es_BO "
            "es_CL es_CO es_CR es_CU es_DO es_EC es_ES es_GT es_HN es_MX es_NI es_PA es_PE es_PR "
            "es_PY es_SV es_US es_UY es_VE et et_EE eu eu_ES eu_FR fa fa_IR fi fi_FI fo fo_FO fur "
            "fur_IT fy fy_DE fy_NL gl gl_ES gu gu_IN ha ha_NG he he_IL hu hu_HU is is_IS it it_CH "
            "it_IT ku ku_TR lb lb_LU ml ml_IN mn mn_MN mr mr_IN nah nb nb_NO ne ne_NP nl nl_AW "
            "nl_BE nl_NL nn nn_NO no om om_ET om_KE or or_IN pa pa_IN pa_PK pap pap_AN pap_AW "
            "pap_CW ps ps_AF pt pt_BR pt_PT so so_DJ so_ET so_KE so_SO sq sq_AL sq_MK sv sv_FI "
            "sv_SE sw sw_KE sw_TZ ta ta_IN ta_LK te te_IN tk tk_TM ur ur_IN ur_PK zu zu_ZA"
        ),
    ),
    (
        _up_to_one,
        (
            "am am_ET bh fil fil_PH fr fr_BE fr_CA fr_CH fr_FR fr_LU gun hi hi_IN hy hy_AM ln "
            "ln_CD mg mg_MG nso nso_ZA ti ti_ER ti_ET wa wa_BE xbr"
        ),
    ),
    (_slavic, "be be_BY bs bs_BA hr hr_HR ru ru_RU ru_UA sr sr_ME sr_RS uk uk_UA"),
    (_czech, "cs cs_CZ sk sk_SK"),
    (_irish, "ga ga_IE"),
    (_lithuanian, "lt lt_LT"),
    (_slovene, "sl sl_SI"),
    (_macedonian, "mk mk_MK"),
    (_maltese, "mt mt_MT"),
    (_latvian, "lv lv_LV"),
    (_polish, "pl pl_PL"),
    (_welsh, "cy cy_GB"),
    (_romanian, "ro ro_RO"),
    (
        _arabic,
        (
            "ar ar_AE ar_BH ar_DZ ar_EG ar_IN ar_IQ ar_JO ar_KW ar_LB ar_LY ar_MA ar_OM ar_QA "
            "ar_SA ar_SD ar_SS ar_SY ar_TN ar_YE"
        ),
    ),
)

_RULES: Final[Mapping[str, Rule]] = {
    locale: rule for rule, locales in _LOCALES for locale in locales.split()
}
