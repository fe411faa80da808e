"""Made-up messages as hospital systems write them."""

from typing import Final

ADMIT: Final = (
    r"MSH|^~\&|ADT|MAIN|WARDWATCH|MAIN|20260301101500+0100||ADT^A01^ADT_A01|M1|P|2.5.1"
    "\r"
    "EVN|A01|20260301101500+0100\r"
    "PID|1||4711^^^MAIN^MR~123-45-6789^^^USSSA^SS||Okafor^Ada^N^^^^L||19550412|F\r"
    "PV1|1|I|5B^12^A^MAIN||||||||SUR||||||||V900^^^MAIN^VN" + "|" * 25 + "20260301100000+0100\r"
)
RESULTS: Final = (
    r"MSH|^~\&|LAB|MAIN|WARDWATCH|MAIN|20260301120000+0100||ORU^R01^ORU_R01|M2|P|2.5.1"
    "\r"
    "PID|1||4711^^^MAIN^MR||Okafor^Ada\r"
    "PV1|1|I|5B^12^A^MAIN||||||||||||||||V900^^^MAIN^VN\r"
    "OBR|1||F77|24323-8^CMP^LN|||20260301113000+0100|||||||||||||||||LAB\r"
    "OBX|1|NM|2524-7^Lactate^LN||3.1|mmol/L^^UCUM|0.5-2.2|H|||F|||20260301113000+0100\r"
    "OBX|2|NM|8867-4^Heart rate^LN||112|bpm|||||F|||20260301113000+0100\r"
    "OBX|3|SN|1988-5^CRP^LN||<^5|mg/L|||||F|||20260301113000+0100\r"
)

BOOKED: Final = (
    r"MSH|^~\&|SCHED|MAIN|WARDWATCH|MAIN|20260301100000+0100||SIU^S12^SIU_S12|M3|P|2.5.1"
    "\r"
    "SCH|P1|F1^SCHED|||||||||^^^20260302090000+0100^20260302094500+0100||||||||||||||BOOKED\r"
    "PID|1||4711^^^MAIN^MR||Okafor^Ada\r"
    "RGS|1\r"
    "AIS|1||24558-9^US Abdomen^LN|20260302090000+0100|||30|min\r"
)


def message(kind: str, *segments: str, number: str = "M9") -> bytes:
    """A message of a kind such as ADT^A02, with more segments."""
    header = rf"MSH|^~\&|APP|MAIN|WARDWATCH|MAIN|20260301130000+0100||{kind}|{number}|P|2.5.1"
    return ("\r".join((header, *segments)) + "\r").encode()
