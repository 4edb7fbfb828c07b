package dev.hone.train.inspect;

import dev.hone.train.data.Example;
import dev.hone.train.data.SourceRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Writes training files without the rows that checks found. */
final class CleanCopy {
  private final Corpus corpus;
  private final Map<Check, BitSet> rows;
  private final String begin;

  CleanCopy(Corpus corpus, Map<Check, BitSet> rows, String begin) {
    this.corpus = corpus;
    this.rows = rows;
    this.begin = begin;
  }

  List<String> write(Path target, Set<Check> checks, boolean overwrite) throws IOException {
    List<String> said = new ArrayList<>();
    BitSet removed = new BitSet();
    BitSet spelled = new BitSet();
    for (Check check : Check.values()) {
      BitSet found = rows.getOrDefault(check, new BitSet()).get(0, corpus.trained());
      if (!checks.contains(check) || found.isEmpty()) {
        continue;
      }
      if (check == Check.DOUBLE_BOS) {
        found.stream().filter(row -> begin(row) != null).forEach(spelled::set);
        found.andNot(spelled);
      }
      found.andNot(removed);
      if (!found.isEmpty()) {
        said.add("removed " + CopyChecks.count(found.cardinality(), "", "").strip() + ": " + check.title());
      }
      removed.or(found);
    }
    spelled.andNot(removed);
    for (int part = 0; corpus.from(part) < corpus.trained(); part++) {
      check(part, target, overwrite); // all before the first is written
    }
    if (!spelled.isEmpty()) {
      said.add("mended " + CopyChecks.count(spelled.cardinality(), "", "").strip() + ": " + Check.DOUBLE_BOS.title()
          + ", the begin token was taken out of the text");
    }
    for (int part = 0; corpus.from(part) < corpus.trained(); part++) {
      said.add(copy(part, target, removed, spelled));
    }
    return said;
  }

  private boolean several() {
    return corpus.from(1) < corpus.trained();
  }

  private static Path file(Path target, SourceRows source, boolean several) {
    return several || Files.isDirectory(target) ? target.resolve(source.file().getFileName()) : target;
  }

  private void check(int part, Path target, boolean overwrite) throws IOException {
    SourceRows source = corpus.parts().get(part);
    Path file = file(target, source, several());
    if (Files.exists(file) && (!overwrite || Files.isSameFile(file, source.file()))) {
      throw new IllegalArgumentException(file + (Files.isSameFile(file, source.file())
          ? ": is the file that is read; name another"
          : ": exists; --overwrite replaces it"));
    }
  }

  private String copy(int part, Path target, BitSet removed, BitSet spelled) throws IOException {
    SourceRows source = corpus.parts().get(part);
    int from = corpus.from(part);
    if (several()) {
      Files.createDirectories(target);
    }
    Path file = file(target, source, several());
    Map<Integer, String> mended = new HashMap<>();
    for (int row = spelled.nextSetBit(from); row >= 0 && row < from + source.size(); row = spelled.nextSetBit(row + 1)) {
      mended.put(row - from, begin(row));
    }
    source.copy(file, row -> !removed.get(from + row), mended);
    int kept = source.size() - removed.get(from, from + source.size()).cardinality();
    return String.format(Locale.ROOT, "%s: %,d of %,d rows of %s", file, kept, source.size(), source.file().getFileName());
  }

  /** The begin token that the text of a row spells out once, at its beginning; null if taking it out is not that simple. */
  private String begin(int row) {
    if (corpus.row(row) instanceof Example.Chat) {
      return null;
    }
    RowText words = RowText.of(corpus.row(row));
    String text = words.all();
    String spelled = begin != null ? begin : ChatMarks.beginning(text);
    return spelled != null && text.startsWith(spelled) && text.indexOf(spelled, 1) < 0 ? spelled : null;
  }
}
