package dev.hone.train.monitor;

import dev.hone.train.config.UserError;
import dev.hone.train.data.DataException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;

/**
 * What a {@link FeedbackLog} holds, read while it is written or afterwards.
 *
 * @param entries the answers, the oldest first
 * @param feedback by the id of the answer, the newest of each
 */
public record AnswerLog(List<Entry> entries, Map<String, Feedback> feedback) {
  /**
   * An answer in the log.
   *
   * @param answered the answer; its metadata are the columns that were kept
   * @param inputHash SHA-256 of the input, in hex
   * @param audit whether it is among those that are labelled whatever people say
   */
  public record Entry(Answered answered, String inputHash, boolean audit) {}

  /** Copies nothing: logs are large. */
  public AnswerLog {
    entries = List.copyOf(entries);
  }

  /**
   * Reads a log.
   *
   * @param since answers before it are left out; null for none
   * @param which answers are wanted
   * @throws DataException for lines that are no lines of a log: with file and number
   */
  public static AnswerLog read(Path directory, Instant since, Predicate<Answered> which) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new UserError(directory + ": there is no log here (hone serve --log DIR writes one)");
    }
    LocalDate first = since == null ? LocalDate.MIN : since.atZone(ZoneOffset.UTC).toLocalDate();
    Map<List<String>, List<String>> labels = new HashMap<>();
    List<Entry> entries = new ArrayList<>();
    for (Path file : DayFiles.files(directory, FeedbackLog.REQUESTS).tailMap(first, true).values()) {
      each(file, line -> {
        Entry entry = LogLines.answer(line, labels);
        if ((since == null || !entry.answered.time().isBefore(since)) && which.test(entry.answered)) {
          entries.add(entry);
        }
      });
    }
    Map<String, Feedback> feedback = new LinkedHashMap<>();
    for (Path file : DayFiles.files(directory, FeedbackLog.FEEDBACK).tailMap(first, true).values()) {
      each(file, line -> {
        Feedback said = LogLines.feedback(line);
        feedback.remove(said.id());
        feedback.put(said.id(), said); // behind those before it
      });
    }
    return new AnswerLog(entries, feedback);
  }

  /** What is done with a line. */
  interface LineReader {
    void line(String line) throws IOException;
  }

  /** Every whole line of a file; one without an end is being written, or was when its writer was killed. */
  static void each(Path file, LineReader reader) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int number = 1;
      for (int b = in.read(); b >= 0; b = in.read()) {
        if (b != '\n') {
          line.write(b);
          continue;
        }
        try {
          reader.line(line.toString(StandardCharsets.UTF_8));
        } catch (JacksonException | IllegalArgumentException e) {
          throw new DataException(file.toString(), number, "no line of a log: "
              + String.valueOf(e.getMessage()).lines().findFirst()
              .orElse(""));
        }
        line.reset();
        number++;
      }
    }
  }
}
