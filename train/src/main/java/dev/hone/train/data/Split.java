package dev.hone.train.data;

import dev.hone.core.random.Philox;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Rows for training and rows held out, by number, each in rising order.
 *
 * <p>Where rows have labels, the draw is stratified: each label gives the held-out part its share of rows (largest remainders
 * first), and keeps at least one row for training. Rows with the same text, ignoring case and spacing, stay together, so that
 * nothing held out has been seen in training. The draw depends on the seed, the rows and their order alone.
 *
 * @param train rows to train on
 * @param heldOut rows to evaluate on
 */
public record Split(int[] train, int[] heldOut) {
  /** Names the stream of random numbers of this draw. */
  private static final long STREAM = 0x73706C6974L;
  private static final int SHOWN = 60; // characters of a text in a message

  /**
   * Draws the held-out rows.
   *
   * @param data the rows
   * @param size below 1 the share to hold out, from 1 on the number of rows
   * @param seed another seed gives another draw
   * @throws DataException if that leaves no row on one side, such as where all rows have the same text
   */
  public static Split stratified(Dataset<Example.Labelled> data, double size, long seed) {
    return draw(data, size, seed, Example.Labelled::text, Example.Labelled::label);
  }

  /** Holds out rows without classes. */
  public static <E extends Example> Split random(Dataset<E> data, double size, long seed) {
    return draw(data, size, seed, row -> row instanceof Example.Labelled labelled ? labelled.text() : row.toString(), _ -> "");
  }

  /** Holds out rows where those of which {@code text} says the same stay together, such as those of one prompt. */
  public static <E extends Example> Split grouped(Dataset<E> data, double size, long seed, Function<E, String> text) {
    return draw(data, size, seed, text, _ -> "");
  }

  /** Holds the last rows out, where their order matters. */
  public static Split lastRows(Dataset<?> data, double size) {
    int n = data.size();
    int held = checked(data, size);
    if (held == 0 || held == n) {
      throw tooFew(data, size, held);
    }
    return new Split(IntStream.range(0, n - held).toArray(), IntStream.range(n - held, n).toArray());
  }

  /** The number of rows to hold out. */
  private static int checked(Dataset<?> data, double size) {
    int n = data.size();
    boolean whole = size >= 1;
    if (!(size > 0) || size >= n || (whole && size != Math.rint(size))) {
      throw new DataException(data.source(), "cannot hold out " + (whole ? Long.toString((long) size) : size) + " of " + n
          + " rows; give a share between 0 and 1 or a number of rows below " + n);
    }
    return whole ? (int) size : (int) Math.rint(size * n);
  }

  private static DataException tooFew(Dataset<?> data, double size, int held) {
    return new DataException(data.source(), size + " of " + data.size() + (data.size() == 1 ? " row is " : " rows is ")
        + (held == 0 ? "none" : "all") + "; hold out a number of rows (--val-size 1), or none (--val-size 0)");
  }

  /** Rows with the same text stay together: names the one that most have. */
  private static <E extends Example> DataException together(Dataset<E> data, int held, Copies copies) {
    int largest = 0;
    for (int group = 1; group < copies.groups; group++) {
      largest = copies.sizeOf[group] > copies.sizeOf[largest] ? group : largest;
    }
    int row = 0;
    while (copies.groupOf[row] != largest) {
      row++;
    }
    String said = prompt(data.row(row)).strip();
    return new DataException(data.source(), "cannot hold out " + held + " of " + data.size() + " rows: "
        + (copies.sizeOf[largest] == 1 ? "each is the only one of its label"
            : "those with the same text stay together, and " + copies.sizeOf[largest] + " have '"
                + (said.length() > SHOWN ? said.substring(0, SHOWN) + "..." : said) + "'")
        + "; --val-size 0 holds none out, --eval-data names rows to measure on");
  }

  private static String prompt(Example row) {
    return switch (row) {
      case Example.Labelled labelled -> labelled.text();
      case Example.Completion completion -> completion.prompt();
      case Example.Chat chat -> String.valueOf(chat.messages().getFirst().get("content"));
      case Example.Text text -> text.text();
      default -> row.toString();
    };
  }

  private static <E extends Example> Split draw(Dataset<E> data, double size, long seed, Function<E, String> text,
      Function<E, String> labelOf) {
    int held = checked(data, size);
    if (held == 0) {
      throw tooFew(data, size, held);
    }
    Copies copies = Copies.of(data, text, labelOf);
    int[] rows = new int[copies.labels.size()];
    for (int group = 0; group < copies.groups; group++) {
      rows[copies.labelOf[group]] += copies.sizeOf[group];
    }
    int[] quota = quotas(rows, held, data.size());
    boolean[] out = new boolean[copies.groups];
    for (int label = 0; label < rows.length; label++) {
      int[] groups = copies.withLabel(label);
      int room = Math.min(quota[label], rows[label] - 1);
      int left = groups.length;
      for (int g : new Philox(seed, Philox.stream(STREAM, label)).permutation(groups.length)) {
        if (copies.sizeOf[groups[g]] <= room && left > 1) {
          room -= copies.sizeOf[groups[g]];
          left--;
          out[groups[g]] = true;
        }
      }
    }
    Split split = new Split(copies.rows(out, false), copies.rows(out, true));
    if (split.heldOut.length == 0) {
      throw together(data, held, copies);
    }
    return split;
  }

  /**
   * Which rows have the same text. Texts are told apart by 64 bits of a hash: few bytes a row, and should two that differ ever
   * have the same, they merely stay together.
   *
   * @param groupOf the group of each row; groups are numbered in the order of their first rows
   * @param groups how many there are
   * @param sizeOf the number of rows of each group
   * @param labelOf the label of each group's first row, by its place in {@code labels}
   * @param labels in their order
   */
  private record Copies(int[] groupOf, int groups, int[] sizeOf, int[] labelOf, List<String> labels) {
    static <E extends Example> Copies of(Dataset<E> data, Function<E, String> textOf, Function<E, String> labelOf) {
      int n = data.size();
      int[] groupOf = new int[n];
      int[] sizeOf = new int[n];
      int[] labelOfGroup = new int[n];
      Map<String, Integer> found = new LinkedHashMap<>();
      int mask = Integer.highestOneBit(Math.max(2, n) * 2 - 1) * 2 - 1;
      long[] hashes = new long[mask + 1]; // open addressing; where groupAt is 0 there is none
      int[] groupAt = new int[mask + 1];
      int groups = 0;
      for (int i = 0; i < n; i++) {
        E row = data.row(i);
        long hash = hash(textOf.apply(row).strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " "));
        int at = (int) hash & mask;
        while (groupAt[at] != 0 && hashes[at] != hash) {
          at = at + 1 & mask;
        }
        if (groupAt[at] == 0) {
          hashes[at] = hash;
          groupAt[at] = ++groups;
          labelOfGroup[groups - 1] = found.computeIfAbsent(labelOf.apply(row), _ -> found.size());
        }
        groupOf[i] = groupAt[at] - 1;
        sizeOf[groupOf[i]]++;
      }
      List<String> labels = found.keySet().stream().sorted(LabelSet.ORDER).toList();
      int[] places = found.keySet().stream().mapToInt(labels::indexOf).toArray();
      for (int group = 0; group < groups; group++) {
        labelOfGroup[group] = places[labelOfGroup[group]];
      }
      return new Copies(groupOf, groups, sizeOf, labelOfGroup, labels);
    }

    /** SHA-256, cut: no text was made to collide with another. */
    private static long hash(String text) {
      try {
        return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8))).getLong();
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e); // every Java platform has it
      }
    }

    int[] withLabel(int label) {
      return IntStream.range(0, groups).filter(group -> labelOf[group] == label).toArray();
    }

    int[] rows(boolean[] out, boolean value) {
      return IntStream.range(0, groupOf.length).filter(row -> out[groupOf[row]] == value).toArray();
    }
  }

  /** Shares {@code total} out in proportion to {@code rows}: whole parts first, then the largest remainders. */
  private static int[] quotas(int[] rows, int total, int n) {
    int[] quota = new int[rows.length];
    double[] rest = new double[quota.length];
    Integer[] order = new Integer[quota.length];
    int given = 0;
    for (int l = 0; l < quota.length; l++) {
      double exact = rows[l] * (double) total / n;
      quota[l] = (int) exact;
      rest[l] = exact - quota[l];
      given += quota[l];
      order[l] = l;
    }
    Arrays.sort(order, Comparator.comparingDouble((Integer l) -> -rest[l]));
    for (int i = 0; given < total; i++, given++) {
      quota[order[i % order.length]]++;
    }
    return quota;
  }
}
