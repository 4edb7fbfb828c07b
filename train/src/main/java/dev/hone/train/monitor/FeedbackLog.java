package dev.hone.train.monitor;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.config.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Answers and what people say of them, in files by day (UTC) that only grow: {@code requests-DATE.jsonl} and
 * {@code feedback-DATE.jsonl}. One writer at a time. When {@link #say} has returned its line is on the disk; when
 * {@link #answer} has, the operating system has it, which a killed process does not undo.
 *
 * {@snippet :
 * try (FeedbackLog log = FeedbackLog.open(Path.of("log"), LogSettings.DEFAULTS.withText())) {
 *   server.keep(log); // answers go there, and POST /v1/feedback does
 *   server.await();
 * }
 * }
 *
 * <p>Safe for use by several threads.
 */
public final class FeedbackLog implements AutoCloseable {
  static final String REQUESTS = "requests";
  static final String FEEDBACK = "feedback";
  private static final int REMEMBERED = 100_000;
  private static final long LEAST_LINE = 1000; // bytes of a line and more than most have

  private final Path directory;
  private final LogSettings settings;
  private final Clock clock;
  private final DirectoryLock lock;
  private final DayFiles requests;
  private final DayFiles feedback;
  private final Map<String, Choice> recent = new LinkedHashMap<>(); // by id, the newest answers
  private boolean forgot; // whether there were more answers than are remembered
  private boolean closed;
  private LocalDate cleaned; // when files were last too old

  private FeedbackLog(Path directory, LogSettings settings, Clock clock, DirectoryLock lock) throws IOException {
    this.directory = directory;
    this.settings = settings;
    this.clock = clock;
    this.lock = lock;
    this.requests = new DayFiles(directory, REQUESTS);
    this.feedback = new DayFiles(directory, FEEDBACK);
    clean();
    Map<List<String>, List<String>> labels = new HashMap<>();
    List<Path> files = new ArrayList<>();
    long bytes = 0;
    for (Path file : DayFiles.files(directory, REQUESTS).descendingMap().values()) {
      if (bytes > REMEMBERED * LEAST_LINE) {
        forgot = true; // those before cannot be among the newest
        break;
      }
      files.addFirst(file);
      bytes += Files.size(file);
    }
    for (Path file : files) {
      AnswerLog.each(file, line -> remember(LogLines.answer(line, labels).answered()));
    }
  }

  /**
   * Opens a log to write to it; the directory is made if it is not there.
   *
   * @throws UserError if another program writes there
   */
  public static FeedbackLog open(Path directory, LogSettings settings) throws IOException {
    return open(directory, settings, Clock.systemUTC());
  }

  static FeedbackLog open(Path directory, LogSettings settings, Clock clock) throws IOException {
    Files.createDirectories(directory);
    DirectoryLock lock = DirectoryLock.tryTake(directory);
    if (lock == null) {
      throw new UserError(directory + ": another program writes to this log; give each server a log of its own");
    }
    try {
      return new FeedbackLog(directory, settings, clock, lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** The answer that somebody speaks of is not in the log. */
  public static final class UnknownAnswer extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private UnknownAnswer(String message) {
      super(message);
    }
  }

  /** What is kept. */
  public LogSettings settings() {
    return settings;
  }

  /**
   * Keeps an answer.
   *
   * @throws UncheckedIOException if that is not possible, such as on a full disk; the log is as it was before
   */
  public synchronized void answer(Answered answered) {
    requireOpen();
    try {
      clean();
      requests.append(day(answered.time()), LogLines.line(answered, settings), false);
    } catch (IOException e) {
      throw new UncheckedIOException("the log cannot be written: " + e.getMessage(), e);
    }
    remember(answered);
  }

  /**
   * Keeps what somebody said; it goes before what was said of the same answer earlier.
   *
   * @throws UnknownAnswer if the answer is not in the log
   * @throws IllegalArgumentException if the model has no such label, or a text is said and the log keeps none
   * @throws UncheckedIOException if that is not possible; the log is as it was before
   */
  public synchronized void say(Feedback said) {
    requireOpen();
    Choice choice = recent.get(said.id());
    if (choice == null && !forgot) {
      throw new UnknownAnswer("no answer in the log has the id " + said.id());
    }
    if (said.label() != null && choice != null) {
      choice.check(said.label());
    }
    if (!settings.text() && (said.answer() != null || said.comment() != null)) {
      throw new IllegalArgumentException("this log keeps no texts, so no answer and no comment (hone serve --log-text)");
    }
    try {
      clean();
      feedback.append(day(said.time()), LogLines.line(said), true);
    } catch (IOException e) {
      throw new UncheckedIOException("the log cannot be written: " + e.getMessage(), e);
    }
  }

  /** What a label may be: a name, names joined by {@code |} where there may be several, or a number of a regression. */
  private record Choice(List<String> labels, boolean several) {
    static Choice of(Answered answered) {
      double sum = 0;
      for (float p : answered.probabilities()) {
        sum += p;
      }
      return new Choice(answered.labels(), Math.abs(sum - 1) > 1e-3);
    }

    void check(String label) {
      if (labels.isEmpty()) {
        throw new IllegalArgumentException("label: the answer is a text or a vector, which has none");
      }
      boolean number = labels.size() == 1 && label.matches("-?[0-9]{1,15}([.][0-9]{1,15})?");
      if (!labels.contains(label) && !number && !(several && labels.containsAll(List.of(label.split("\\|", -1))))) {
        throw new IllegalArgumentException("label must be one of " + String.join(", ", labels.subList(0, Math.min(20,
            labels.size())))
            + (labels.size() > 20 ? ", ..." : ""));
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the log is closed");
    }
  }

  private void remember(Answered answered) {
    recent.put(answered.id(), Choice.of(answered));
    if (recent.size() > REMEMBERED) {
      forgot = true;
      recent.remove(recent.keySet().iterator().next());
    }
  }

  /**
   * Takes answers and all that was said of them out of the log, as somebody may demand whose texts they are.
   *
   * @return how many lines went
   */
  public synchronized int delete(Collection<String> ids) throws IOException {
    requireOpen();
    Set<String> gone = new HashSet<>(ids);
    requests.close();
    feedback.close();
    int count = 0;
    for (String kind : List.of(REQUESTS, FEEDBACK)) {
      for (Path file : DayFiles.files(directory, kind).values()) {
        count += delete(file, gone);
      }
    }
    gone.forEach(recent::remove);
    return count;
  }

  private static int delete(Path file, Set<String> gone) throws IOException {
    StringBuilder rest = new StringBuilder();
    int[] count = {0};
    AnswerLog.each(file, line -> {
      if (gone.contains(LogLines.id(line))) {
        count[0]++;
      } else {
        rest.append(line).append('\n');
      }
    });
    if (count[0] > 0) {
      try (AtomicFile out = AtomicFile.create(file)) {
        out.write(ByteBuffer.wrap(rest.toString().getBytes(StandardCharsets.UTF_8)));
        out.commit();
      }
    }
    return count[0];
  }

  /** Deletes files that are too old, once a day. */
  private void clean() throws IOException {
    LocalDate today = day(clock.instant());
    if (settings.days() == 0 || today.equals(cleaned)) {
      return;
    }
    for (String kind : List.of(REQUESTS, FEEDBACK)) {
      for (Path file : DayFiles.files(directory, kind).headMap(today.minusDays(settings.days() - 1), false).values()) {
        Files.delete(file);
      }
    }
    cleaned = today;
  }

  private static LocalDate day(Instant time) {
    return time.atZone(ZoneOffset.UTC).toLocalDate();
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    requests.close();
    feedback.close();
    lock.close();
  }
}
