package dev.hone.train.inspect;

import java.util.List;
import java.util.Locale;

/**
 * What a check found.
 *
 * @param check the check
 * @param level how bad it is
 * @param verdict one line in words, without the rows
 * @param rows how many rows it is about
 * @param first the first of them, at most {@value #KEPT}
 */
public record Finding(Check check, Level level, String verdict, int rows, List<Hit> first) {
  /** Rows that a finding names at most. */
  public static final int KEPT = 1000;

  /** How bad a finding is. */
  public enum Level {
    /** Nothing is wrong. */
    OK,
    /** Could not be looked at; the verdict says what is missing. */
    SKIPPED,
    /** Worth knowing; not necessarily a fault. */
    NOTE,
    /** Probably a fault of the data. */
    WARNING,
    /** Training would refuse the data, learn nothing from them, or be measured wrongly. */
    ERROR;

    /** In small letters, as reports write it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A row.
   *
   * @param row where it is
   * @param other the row that it is compared with, or null
   * @param detail what is the matter with it, or empty
   */
  public record Hit(Place row, Place other, String detail) {
    /** As a list of rows names it: "17 (= 3)", with the file where it is another than {@code usual}. */
    public String text(String usual) {
      String said = row.text(usual);
      if (other != null) {
        said += " (= " + other.text(row.file()) + (detail.isEmpty() ? "" : ", " + detail) + ")";
      } else if (!detail.isEmpty()) {
        said += " (" + detail + ")";
      }
      return said;
    }
  }

  /**
   * Where a user finds a row.
   *
   * @param file its name
   * @param unit "line" or "row"
   * @param number from 1
   */
  public record Place(String file, String unit, int number) {
    /** The number, with the file before it where that is another than {@code usual}. */
    public String text(String usual) {
      return file.equals(usual) ? Integer.toString(number) : file + ":" + number;
    }
  }

  public Finding {
    first = List.copyOf(first);
  }

  /** Nothing is wrong. */
  static Finding ok(Check check, String verdict) {
    return new Finding(check, Level.OK, verdict, 0, List.of());
  }

  /** Could not be looked at. */
  static Finding skipped(Check check, String why) {
    return new Finding(check, Level.SKIPPED, why, 0, List.of());
  }

  /** The first rows in words, {@code most} of them: "lines 17 (= 3), 40, ..."; empty if there are none. */
  public String where(int most) {
    if (first.isEmpty()) {
      return "";
    }
    Place start = first.getFirst().row();
    StringBuilder text = new StringBuilder(start.file()).append(' ').append(start.unit()).append(rows > 1 ? "s " : " ");
    for (int i = 0; i < Math.min(most, first.size()); i++) {
      text.append(i == 0 ? "" : ", ").append(first.get(i).text(start.file()));
    }
    return text.append(rows > Math.min(most, first.size()) ? ", ..." : "").toString();
  }
}
