package dev.hone.train.choose;

import dev.hone.train.inspect.Inspection;
import dev.hone.train.inspect.Share;
import dev.hone.train.task.TaskName;
import java.util.ArrayList;
import java.util.List;

/**
 * The bases for a task and perhaps rows, with what each needs here.
 *
 * @param lines one for each base that does the task and speaks the language, the smallest first
 * @param languages of a tenth of the rows or more, by their English names; empty without rows, and where none shows
 * @param tokens of all rows, about; 0 without rows
 * @param batch tokens of a batch that memory is counted for
 */
public record Suggestion(List<Line> lines, List<String> languages, long tokens, int batch) {
  private static final double SHARE = 0.1;
  private static final int CHARACTERS = 4; // of a token, about
  private static final int EPOCHS = 3;
  private static final double LONGEST = 3600; // seconds that somebody waits for a first run
  private static final double OF_HEAP = 0.9;

  /**
   * A base.
   *
   * @param memory bytes that training adapters of rank 16 takes
   * @param tokensPerSecond about, here
   * @param fits into the heap of this JVM
   * @param chosen whether it is the one to start with: the largest that fits and trains within an hour
   */
  public record Line(Base base, long memory, double tokensPerSecond, boolean fits, boolean chosen) {}

  /**
   * Chooses.
   *
   * @param rows to be trained on, or null
   * @param heap bytes that the JVM may take
   */
  public static Suggestion of(TaskName task, Inspection rows, Machine machine, long heap) {
    List<String> languages = rows == null ? List.of() : languages(rows);
    long tokens = rows == null ? 0 : (long) rows.training() * Math.max(1, rows.lengths().median() / CHARACTERS);
    boolean writes = task == TaskName.GENERATE || task == TaskName.PREFER || task == TaskName.DISTIL;
    int length = rows == null ? writes ? 512 : 256
        : Math.clamp(rows.lengths().most95() / CHARACTERS, 16, writes ? 512 : 256);
    int batch = (writes ? 8 : 32) * length; // the usual sizes of hone train
    List<Base> fitting = Base.all().stream().filter(base -> base.does(task))
        .filter(base -> languages.stream().allMatch(base::speaks)).toList();
    int chosen = -1;
    for (int i = 0; i < fitting.size(); i++) {
      double seconds = EPOCHS * tokens / machine.tokensPerSecond(fitting.get(i));
      if (fitting.get(i).heap(batch) <= OF_HEAP * heap && (chosen < 0 || seconds <= LONGEST)) {
        chosen = i;
      }
    }
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < fitting.size(); i++) {
      Base base = fitting.get(i);
      lines.add(new Line(base, base.memory(batch), machine.tokensPerSecond(base), base.heap(batch) <= OF_HEAP * heap,
          i == chosen));
    }
    return new Suggestion(lines, languages, tokens, batch);
  }

  /** The languages of the rows; a writing system that is not Latin counts as one. */
  private static List<String> languages(Inspection rows) {
    List<String> found = new ArrayList<>();
    for (Share share : rows.languages()) {
      if (share.training() >= SHARE * rows.training() && !share.name().equals("not clear")) {
        found.add(share.name());
      }
    }
    for (Share share : rows.scripts()) {
      boolean other = !share.name().equals("Latin") && !share.name().equals("no letters") && !share.name().equals("Common");
      if (other && share.training() >= SHARE * rows.training()) {
        found.add(share.name());
      }
    }
    return found;
  }
}
