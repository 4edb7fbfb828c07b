package dev.hone.example;

import dev.hone.train.infer.TextClassifier.Prediction;
import java.io.IOException;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** What the service offers. */
@RestController
class ClassifierController {
  private final Classifiers classifiers;

  ClassifierController(Classifiers classifiers) {
    this.classifiers = classifiers;
  }

  /** Labels of texts, by an adapter, or by the active one. */
  @PostMapping("/predict")
  List<Prediction> predict(@RequestBody List<String> texts, @RequestParam(required = false) String adapter) {
    return adapter == null ? classifiers.classifier().predict(texts) : classifiers.classifier().predict(texts, adapter);
  }

  /** Which adapter answers from now on where none is named. */
  @PostMapping("/active")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void activate(@RequestParam String adapter) {
    classifiers.classifier().adapters().activate(adapter);
  }

  /** Trains another adapter beside the answers. */
  @PostMapping("/trainings")
  @ResponseStatus(HttpStatus.ACCEPTED)
  void train(@RequestParam(defaultValue = "50") int steps) throws IOException {
    if (!classifiers.train(steps)) {
      throw new ResponseStatusException(HttpStatus.CONFLICT, "a training runs already");
    }
  }
}
