package dev.hone.train.inspect;

import java.util.HashMap;
import java.util.Map;

/**
 * Finds, and takes out, what looks like a mail address, a phone number, or the number of a card or an account.
 *
 * <p>Patterns are strict rather than complete: a phone number has a country code ({@code +49 30 123456}) or the usual
 * separators ({@code (555) 010-1234}, {@code 030 / 1234567}); a card number has the first digits and the length of a known
 * network and a right check digit (Luhn, ISO/IEC 7812-1); the number of an account is an IBAN of its country's length with
 * right check digits (ISO 13616). Names and postal addresses are not looked for. Texts may be JSON: in {@code \n0171 ...} the n
 * is a line end.
 */
public final class PersonalData {
  private PersonalData() {}

  private static final Map<String, Integer> IBAN_LENGTHS = lengths("AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24"
      + "DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20"
      + "LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24"
      + "TR26UA29VA22VG24XK20"); // of the registry

  private static Map<String, Integer> lengths(String table) {
    Map<String, Integer> lengths = new HashMap<>();
    for (int i = 0; i < table.length(); i += 4) {
      lengths.put(table.substring(i, i + 2), Integer.parseInt(table.substring(i + 2, i + 4)));
    }
    return lengths;
  }

  /** Where something begins and ends (exclusive); null if there is none at or after a place. */
  private interface Finder {
    int[] next(String text, int from);
  }

  /** A text in which {@code [mail]}, {@code [iban]}, {@code [card]} and {@code [phone]} stand where such things stood. */
  public static String redacted(String text) {
    String clean = replaced(text, PersonalData::nextMail, "[mail]");
    clean = replaced(clean, PersonalData::nextIban, "[iban]");
    clean = replaced(clean, PersonalData::nextCard, "[card]"); // whose digits may look like a phone number
    return replaced(clean, PersonalData::nextPhone, "[phone]");
  }

  private static String replaced(String text, Finder finder, String mark) {
    int[] span = finder.next(text, 0);
    if (span == null) {
      return text;
    }
    StringBuilder clean = new StringBuilder();
    int done = 0;
    for (; span != null; span = finder.next(text, done)) {
      clean.append(text, done, span[0]).append(mark);
      done = span[1];
    }
    return clean.append(text, done, text.length()).toString();
  }

  /** Whether a text holds a mail address: name, at sign, and a domain with a dot and letters at its end. */
  static boolean hasMail(String text) {
    return nextMail(text, 0) != null;
  }

  private static int[] nextMail(String text, int begin) {
    for (int at = text.indexOf('@', begin); at >= 0; at = text.indexOf('@', at + 1)) {
      int from = at;
      while (from > begin && isNamePart(text.charAt(from - 1)) && !isEscape(text, from - 1)) {
        from--;
      }
      int to = domainEnd(text, at + 1);
      if (from < at && text.charAt(at - 1) != '.' && to > 0) {
        return new int[] {from, to};
      }
    }
    return null;
  }

  /** Whether a letter stands, after a backslash, for a line end or the like, and does not begin a word. */
  private static boolean isEscape(String text, int at) {
    return at > 0 && text.charAt(at - 1) == '\\' && "nrtbf".indexOf(text.charAt(at)) >= 0;
  }

  /** Whether a word or number goes on at a place from before it. */
  private static boolean goesOn(String text, int at) {
    return at > 0 && Character.isLetterOrDigit(text.charAt(at - 1)) && !isEscape(text, at - 1);
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%';
  }

  /** Where a domain ends that begins here; -1 if none does. */
  private static int domainEnd(String text, int from) {
    int to = from;
    while (to < text.length() && (Character.isLetterOrDigit(text.charAt(to)) || text.charAt(to) == '-'
        || text.charAt(to) == '.')) {
      to++;
    }
    while (to > from && (text.charAt(to - 1) == '.' || text.charAt(to - 1) == '-')) {
      to--; // the end of a sentence
    }
    int dot = text.lastIndexOf('.', to - 1);
    if (dot <= from || to - dot < 3 || text.charAt(from) == '.' || text.charAt(from) == '-') {
      return -1;
    }
    for (int i = dot + 1; i < to; i++) {
      if (!Character.isLetter(text.charAt(i))) {
        return -1;
      }
    }
    return to;
  }

  /** Whether a text holds a phone number. */
  static boolean hasPhone(String text) {
    return nextPhone(text, 0) != null;
  }

  private static int[] nextPhone(String text, int begin) {
    for (int i = begin; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean start = c == '+' || c == '(' || isDigit(c);
      if (!start || goesOn(text, i) || i > 0 && (c == '+' ? "+.-/$#*" : "+.,-/$#=*").indexOf(text.charAt(i - 1)) >= 0) {
        continue;
      }
      int end = i + 1;
      while (end < text.length() && (isDigit(text.charAt(end)) || " -./()".indexOf(text.charAt(end)) >= 0)) {
        end++;
      }
      while (end > i + 1 && !isDigit(text.charAt(end - 1))) {
        end--;
      }
      boolean ends = end == text.length() || !Character.isLetterOrDigit(text.charAt(end)) && "%=*+".indexOf(text.charAt(end)) < 0;
      if (ends && isPhone(text.substring(i, end))) {
        return new int[] {i, end};
      }
      i = end - 1;
    }
    return null;
  }

  private static boolean isPhone(String number) {
    int digits = (int) number.chars().filter(Character::isDigit).count();
    if (number.indexOf("  ") >= 0 || number.indexOf("..") >= 0) {
      return false;
    }
    if (number.charAt(0) == '+') {
      return digits >= 8 && digits <= 15 && number.charAt(1) != '0' && isDigit(number.charAt(1));
    }
    // (ddd) ddd-dddd and ddd-ddd-dddd of North America, where no area begins with 0 or 1
    if (digits == 10 && (matches(number, "(ddd) ddd-dddd") || matches(number, "(ddd)ddd-dddd") || matches(number,
        "(ddd) ddd dddd")
        || matches(number, "ddd-ddd-dddd") || matches(number, "ddd.ddd.dddd"))) {
      return number.charAt(number.charAt(0) == '(' ? 1 : 0) > '1';
    }
    // national numbers with a trunk zero: an area code of three to five digits, then the number
    String[] parts = number.split("[ /-]+|\\)\\s*", 2);
    String area = parts[0].replace("(", "");
    return area.length() >= 3 && area.length() <= 5 && area.charAt(0) == '0' && area.charAt(1) != '0'
        && area.chars().allMatch(Character::isDigit) && parts.length == 2 && parts[1].matches("[1-9][0-9]*([ -][0-9]+)*")
        && parts[1].length() >= 5 && digits >= 9 && digits <= 12;
  }

  private static boolean matches(String number, String form) {
    if (number.length() != form.length()) {
      return false;
    }
    for (int i = 0; i < form.length(); i++) {
      if (form.charAt(i) == 'd' ? !isDigit(number.charAt(i)) : number.charAt(i) != form.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a text holds a card number. */
  static boolean hasCard(String text) {
    return nextCard(text, 0) != null;
  }

  private static int[] nextCard(String text, int begin) {
    for (int i = begin; i < text.length(); i++) {
      if (!isDigit(text.charAt(i)) || goesOn(text, i) || i > 0 && ".-+".indexOf(text.charAt(i - 1)) >= 0) {
        continue;
      }
      StringBuilder digits = new StringBuilder();
      int end = i;
      while (end < text.length() && (isDigit(text.charAt(end)) || (text.charAt(end) == ' ' || text.charAt(end) == '-')
          && end + 1 < text.length() && isDigit(text.charAt(end + 1)))) {
        if (isDigit(text.charAt(end))) {
          digits.append(text.charAt(end));
        }
        end++;
      }
      boolean ends = end == text.length() || !Character.isLetterOrDigit(text.charAt(end));
      if (ends && isCard(digits)) {
        return new int[] {i, end};
      }
      i = end;
    }
    return null;
  }

  private static boolean isCard(CharSequence digits) {
    int length = digits.length();
    if (length < 13 || length > 19) {
      return false;
    }
    int two = (digits.charAt(0) - '0') * 10 + digits.charAt(1) - '0';
    boolean network = switch (two / 10) {
      case 4 -> length == 13 || length == 16 || length == 19; // Visa
      case 5 -> two >= 51 && two <= 55 && length == 16; // Mastercard
      case 2 -> two >= 22 && two <= 27 && length == 16;
      case 3 -> (two == 34 || two == 37) && length == 15 || (two == 36 || two == 38) && length == 14 || two == 35 && length == 16;
      case 6 -> (two == 60 || two == 64 || two == 65 || two == 62) && length >= 16; // Discover, UnionPay
      default -> false;
    };
    return network && luhn(digits);
  }

  /** Whether a text holds the number of an account. */
  static boolean hasIban(String text) {
    return nextIban(text, 0) != null;
  }

  private static int[] nextIban(String text, int begin) {
    for (int i = begin; i + 4 < text.length(); i++) {
      Integer length = isDigit(text.charAt(i + 2)) && isDigit(text.charAt(i + 3)) && !goesOn(text, i)
          ? IBAN_LENGTHS.get(text.substring(i, i + 2)) : null;
      int end = length == null ? -1 : ibanEnd(text, i, length);
      if (end >= 0) {
        return new int[] {i, end};
      }
    }
    return null;
  }

  /** Where so many signs of an IBAN end, with single spaces among them or without; -1 if they are none. */
  private static int ibanEnd(String text, int from, int length) {
    StringBuilder signs = new StringBuilder();
    int end = from;
    while (end < text.length() && signs.length() < length) {
      char c = text.charAt(end);
      if (isDigit(c) || c >= 'A' && c <= 'Z') {
        signs.append(c);
      } else if (c != ' ' || text.charAt(end - 1) == ' ') {
        return -1;
      }
      end++;
    }
    boolean ends = end == text.length() || !Character.isLetterOrDigit(text.charAt(end));
    return ends && signs.length() == length && isIban(signs) ? end : -1;
  }

  /** Whether the check digits, the third and fourth, are right: the number, letters as 10 to 35, leaves 1 when divided by 97. */
  private static boolean isIban(CharSequence signs) {
    int rest = 0;
    for (int i = 0; i < signs.length(); i++) {
      int digit = Character.digit(signs.charAt((i + 4) % signs.length()), 36);
      rest = (rest * (digit > 9 ? 100 : 10) + digit) % 97;
    }
    return rest == 1;
  }

  /** Whether the last digit is the check digit of those before it. */
  static boolean luhn(CharSequence digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int doubled = i % 2 == 0 ? digit : 2 * digit;
      sum += doubled > 9 ? doubled - 9 : doubled;
    }
    return sum % 10 == 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
