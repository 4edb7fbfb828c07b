package dev.hone.train.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses and numbers are found as people write them; sums, dates and versions are not. */
class PersonalDataTest {
  @ParameterizedTest
  @ValueSource(strings = {"a@b.org", "Mail: jane.doe+list@mail.example.co.uk.", "(müller@straße.de)", "x_1%y@a-b.io, please"})
  void mailAddresses(String text) {
    assertTrue(PersonalData.hasMail(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"@handle", "a @ b.org", "price@5.50", "user@host", "me@.org", "x@y.1", "a.@b.org", "lots@@twice.."})
  void otherAtSigns(String text) {
    assertFalse(PersonalData.hasMail(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"+49 30 123456", "call +1 (212) 555-0100 now", "(555) 010-1234", "212-555-0123.", "030 / 1234567",
      "0171 2345678", "212.555.0123", "+442071838750"})
  void phoneNumbers(String text) {
    assertTrue(PersonalData.hasPhone(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1234567890", "2024-01-31 12:30", "3.141592653", "12-34-56", "1 000 000 000", "192.168.10.20",
      "5+12345678=3",
      "0.5 - 1234567", "100-200-3000", "isbn 978-3-16-148410-0", "48/2=24", "10 20 30 40 50", "1999-2000", "$212-555-0123"})
  void otherNumbers(String text) {
    assertFalse(PersonalData.hasPhone(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"4111111111111111", "card 4111 1111 1111 1111.", "5500-0000-0000-0004", "3400 000000 00009",
      "6011000000000004"})
  void cardNumbers(String text) {
    assertTrue(PersonalData.hasCard(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"4111111111111112", "1234567812345670", "411111111111111", "x4111111111111111", "4111111111111111y",
      "0.4111111111111111"})
  void otherLongNumbers(String text) {
    assertFalse(PersonalData.hasCard(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"DE89370400440532013000", "to GB82 WEST 1234 5698 7654 32.",
      "AT61 1904 3002 3457 3201 BIC", "(NL91ABNA0417164300)", "FR14 2004 1010 0505 0001 3M02 606", "NO9386011117947"})
  void accountNumbers(String text) {
    assertTrue(PersonalData.hasIban(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"DE89370400440532013001", "DE8937040044053201300", "DE893704004405320130000", "XX89370400440532013000",
      "aDE89370400440532013000", "DE89  370400440532013000", "DE89-3704-0044-0532-0130-00", "DE", "DE89"})
  void otherSigns(String text) {
    assertFalse(PersonalData.hasIban(text));
  }

  @Test
  void whatFollowsTheEscapesOfJsonIsFoundAndTheEscapesStay() {
    assertEquals("a\\n[mail] b\\t[phone] c\\r\\n[card]\\n[iban]", PersonalData.redacted(
        "a\\nnora@example.org b\\t0171 2345678 c\\r\\n4111111111111111\\nDE89370400440532013000"));
    assertEquals("name,[phone] tel=[phone]", PersonalData.redacted("name,+4930123456 tel=+49 30 123456"));
  }

  @Test
  void theCheckDigitIsLuhns() {
    assertTrue(PersonalData.luhn("79927398713"));
    for (int digit = 0; digit < 10; digit++) {
      assertEquals(digit == 3, PersonalData.luhn("7992739871" + digit));
    }
  }

  @Test
  void whatIsPersonalIsTakenOutAndNothingElse() {
    assertEquals("write to [mail] or [mail], call [phone]. Card [card], order 4711 of 2024-05-06.", PersonalData.redacted(
        "write to a.b@example.org or c@d.example.com, call +49 30 123456. Card 4111 1111 1111 1111, order 4711 of 2024-05-06."));
    assertEquals("[mail] @ nobody a@b", PersonalData.redacted("x@example.org @ nobody a@b"));
    assertEquals("nothing", PersonalData.redacted("nothing"));
    assertEquals("", PersonalData.redacted(""));
  }
}
