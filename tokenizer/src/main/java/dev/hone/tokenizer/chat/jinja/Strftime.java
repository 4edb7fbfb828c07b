package dev.hone.tokenizer.chat.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** {@code datetime.strftime} in the C locale, with the flags of glibc ({@code %-d} without a leading zero). */
final class Strftime {
  private Strftime() {}

  static String format(LocalDateTime time, String format, Budget budget) {
    StringBuilder out = new StringBuilder();
    budget.chars(format.length());
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      int start = i++;
      char flag = "-_0^#".indexOf(format.charAt(i)) >= 0 ? format.charAt(i++) : 0;
      String field = i < format.length() ? field(time, format.charAt(i), flag) : null;
      String text = field == null ? format.substring(start, Math.min(i + 1, format.length())) : field;
      StringMethods.append(flag == '^' ? text.toUpperCase(Locale.ROOT) : text, "", out, budget);
    }
    return out.toString();
  }

  private static String field(LocalDateTime t, char directive, char flag) {
    int sunday = t.getDayOfWeek().getValue() % 7;
    int hour12 = (t.getHour() + 11) % 12 + 1;
    return switch (directive) {
      case 'a' -> name(t.getDayOfWeek()).substring(0, 3);
      case 'A' -> name(t.getDayOfWeek());
      case 'b', 'h' -> name(t.getMonth()).substring(0, 3);
      case 'B' -> name(t.getMonth());
      case 'c' -> field(t, 'a', (char) 0) + " " + field(t, 'b', (char) 0) + " " + number(t.getDayOfMonth(), 2, '_')
          + " " + field(t, 'T', (char) 0) + " " + t.getYear();
      case 'C' -> number(t.getYear() / 100, 2, flag);
      case 'd' -> number(t.getDayOfMonth(), 2, flag);
      case 'D', 'x' -> t.format(DateTimeFormatter.ofPattern("MM/dd/yy", Locale.ROOT));
      case 'e' -> number(t.getDayOfMonth(), 2, flag == 0 ? '_' : flag);
      case 'f' -> number(t.getNano() / 1000, 6, flag);
      case 'F' -> t.format(DateTimeFormatter.ISO_LOCAL_DATE);
      case 'g' -> number(t.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, flag);
      case 'G' -> String.valueOf(t.get(IsoFields.WEEK_BASED_YEAR));
      case 'H' -> number(t.getHour(), 2, flag);
      case 'I' -> number(hour12, 2, flag);
      case 'j' -> number(t.getDayOfYear(), 3, flag);
      case 'k' -> number(t.getHour(), 2, flag == 0 ? '_' : flag);
      case 'l' -> number(hour12, 2, flag == 0 ? '_' : flag);
      case 'm' -> number(t.getMonthValue(), 2, flag);
      case 'M' -> number(t.getMinute(), 2, flag);
      case 'n' -> "\n";
      case 'p' -> flag == '#' ? half(t).toLowerCase(Locale.ROOT) : half(t);
      case 'P' -> half(t).toLowerCase(Locale.ROOT);
      case 'r' -> t.format(DateTimeFormatter.ofPattern("hh:mm:ss ", Locale.ROOT)) + half(t);
      case 'R' -> t.format(DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT));
      case 'S' -> number(t.getSecond(), 2, flag);
      case 't' -> "\t";
      case 'T', 'X' -> t.format(DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT));
      case 'u' -> String.valueOf(t.getDayOfWeek().getValue());
      case 'U' -> number((t.getDayOfYear() + 6 - sunday) / 7, 2, flag);
      case 'V' -> number(t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, flag);
      case 'w' -> String.valueOf(sunday);
      case 'W' -> number((t.getDayOfYear() + 6 - (sunday + 6) % 7) / 7, 2, flag);
      case 'y' -> number(t.getYear() % 100, 2, flag);
      case 'Y' -> String.valueOf(t.getYear());
      case 'z', 'Z' -> "";   // a time without a zone has neither offset nor name
      case '%' -> "%";
      default -> null;
    };
  }

  /** From the constant, not from a locale: what a template renders must not depend on the machine. */
  private static String name(Enum<?> dayOrMonth) {
    String name = dayOrMonth.name();
    return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
  }

  private static String half(LocalDateTime t) {
    return t.getHour() < 12 ? "AM" : "PM";
  }

  private static String number(int value, int width, char flag) {
    String digits = String.valueOf(value);
    int missing = flag == '-' ? 0 : Math.max(0, width - digits.length());
    return (flag == '_' ? " " : "0").repeat(missing) + digits;
  }
}
