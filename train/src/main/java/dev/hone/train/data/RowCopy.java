package dev.hone.train.data;

import dev.hone.core.io.AtomicFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** Copies some rows of a file as they were written, in UTF-8: nothing is taken apart and put together anew. */
final class RowCopy {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int BUFFER = 1 << 16;

  private final IntPredicate keep;
  private final Map<Integer, String> mended;
  private final OutputStream out;
  private int kept;

  private RowCopy(IntPredicate keep, Map<Integer, String> mended, OutputStream out) {
    this.keep = keep;
    this.mended = mended;
    this.out = out;
  }

  static void write(Path source, DataOptions options, int[] lines, boolean array, IntPredicate keep,
      Map<Integer, String> mended, Path target)
      throws IOException {
    try (AtomicFile file = AtomicFile.create(target)) {
      boolean packed = target.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".gz");
      OutputStream plain = new BufferedOutputStream(stream(file), BUFFER);
      try (OutputStream out = packed ? new GZIPOutputStream(plain) : plain) {
        RowCopy copy = new RowCopy(keep, mended, out);
        if (array) {
          copy.elements(TextFile.read(source, options).text());
        } else {
          copy.lines(source, options, lines);
        }
        if (copy.kept == 0) {
          throw new DataException(source.toString(), "no row would be left");
        }
      }
      file.commit();
    }
  }

  private static OutputStream stream(AtomicFile file) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        file.write(ByteBuffer.wrap(new byte[] {(byte) b}));
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        file.write(ByteBuffer.wrap(bytes, from, length));
      }
    };
  }

  /** Row r is all from its line to the line of the next one; what comes before the first row, such as a header, stays. */
  private void lines(Path source, DataOptions options, int[] lines) throws IOException {
    try (InputStream in = utf8(source, options)) {
      ByteArrayOutputStream row = new ByteArrayOutputStream();
      int number = -1;
      int line = 1;
      boolean begins = true;
      for (int b = in.read(); b >= 0; b = in.read()) {
        if (begins && number + 1 < lines.length && lines[number + 1] == line) {
          row(number++, row);
        }
        row.write(b);
        begins = b == '\n';
        line += begins ? 1 : 0;
      }
      row(number, row);
    }
  }

  /** The file as it is, but for other characters than those of UTF-8. */
  private static InputStream utf8(Path source, DataOptions options) throws IOException {
    InputStream in = unpacked(new BufferedInputStream(Files.newInputStream(source), BUFFER));
    in.mark(2);
    boolean wide = TextEncoding.markLength(in.readNBytes(2)) == 2;
    in.reset();
    if (!wide && options.encoding().isEmpty()) {
      return in;
    }
    in.close();
    return new ByteArrayInputStream(TextFile.read(source, options).text().getBytes(StandardCharsets.UTF_8));
  }

  private static InputStream unpacked(InputStream in) throws IOException {
    in.mark(2);
    boolean packed = in.read() == 0x1F && in.read() == 0x8B;
    in.reset();
    return packed ? new BufferedInputStream(new GZIPInputStream(in), BUFFER) : in;
  }

  private void row(int number, ByteArrayOutputStream written) throws IOException {
    if (number < 0 || keep.test(number)) {
      kept += number < 0 ? 0 : 1;
      if (mended.containsKey(number)) {
        out.write(mended(number, written.toString(StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
      } else {
        written.writeTo(out);
      }
    }
    written.reset();
  }

  private void elements(String text) throws IOException {
    append("[");
    try (JsonParser parser = JSON.createParser(text)) {
      parser.nextToken(); // the list
      for (int row = 0; parser.nextToken() != JsonToken.END_ARRAY; row++) {
        int from = (int) parser.currentTokenLocation().getCharOffset();
        parser.skipChildren();
        int to = (int) parser.currentLocation().getCharOffset();
        if (keep.test(row)) {
          append(kept++ == 0 ? "\n" : ",\n");
          append(mended(row, text.substring(from, to)));
        }
      }
    }
    append("\n]\n");
  }

  /** A row without the first of what is to be taken out. */
  private String mended(int row, String written) {
    String remove = mended.get(row);
    int at = remove == null ? -1 : written.indexOf(remove);
    return at < 0 ? written : written.substring(0, at) + written.substring(at + remove.length());
  }

  private void append(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
