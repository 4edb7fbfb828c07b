package dev.hone.train.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Describes a component of a record of settings: the key it has in files and, with dashes, as a flag. */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Setting {
  /** The key, such as {@code num_train_epochs}. */
  String key();

  /** Other keys for the same. */
  String[] aliases() default {};

  /** The value of a run that does not say; empty for an empty text, list or map. */
  String fallback() default "";

  /** What help calls the value; a truth value needs none. */
  String form() default "";

  /** One line of help. */
  String help();

  /** Whether spaces around the value belong to it, as those of a prompt do. */
  boolean verbatim() default false;
}
