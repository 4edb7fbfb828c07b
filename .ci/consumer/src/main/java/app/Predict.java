package app;

import dev.hone.train.infer.TextClassifier;
import java.nio.file.Path;
import java.util.List;

/** Predicts a label with a model and an adapter, and says whether it runs as a module. */
public class Predict {
  public static void main(String[] arguments) throws Exception {
    TextClassifier classifier = TextClassifier.load(Path.of(arguments[0]), Path.of(arguments[1]));
    System.out.println((Predict.class.getModule().isNamed() ? "module" : "class") + " path: "
        + classifier.predict(List.of(arguments[2])).getFirst().label());
  }
}
