//! Looks at the folder and its rules, and tells what is wrong with either, once.

use std::{path::PathBuf, sync::Arc, time::Instant};

use share_client::files::shown;

use super::{
    arrivals::{Arrival, Arrivals},
    rules::{Rules, RulesFile},
};
use crate::{
    error::Error,
    i18n::fl,
    messages::{with_causes, with_causes_and_hint},
    ui::Ui,
};

/// What is looked at, and what was seen last.
pub struct Lookout {
    ui: Ui,
    folder: PathBuf,
    /// What lies in the folder.
    pub arrivals: Arrivals,
    rules: RulesFile,
    has_rules: bool,
    is_readable: bool,
}

impl Lookout {
    /// Over this folder, whose rules are in order.
    pub fn new(ui: Ui, folder: PathBuf, arrivals: Arrivals, rules: RulesFile) -> Self {
        Self { ui, folder, arrivals, rules, has_rules: true, is_readable: true }
    }

    /// Looks once. Gives what is complete, and the rules for it; nothing unless `take`.
    pub fn look(&mut self, take: bool) -> Vec<(Arrival, Arc<Rules>)> {
        let rules = self.look_at_rules();
        let found = match self.arrivals.look(Instant::now(), take && rules.is_some()) {
            Ok(found) => found,
            Err(error) => {
                if self.is_readable {
                    let unreadable = Error::local(fl!("batch-watch-no-folder", path = shown(&self.folder)), error);
                    self.ui.warn(with_causes(&unreadable));
                }
                self.is_readable = false;
                return Vec::new();
            }
        };
        self.is_readable = true;
        for name in found.left_alone {
            self.ui.about(&name.to_string_lossy()).warn(fl!("batch-watch-left-alone"));
        }
        let with_rules = |arrival| Some((arrival, rules.clone()?));
        found.complete.into_iter().filter_map(with_rules).collect()
    }

    fn look_at_rules(&mut self) -> Option<Arc<Rules>> {
        match self.rules.look() {
            Ok(rules) => {
                if rules.is_some() && !self.has_rules {
                    self.ui.note(fl!("batch-watch-rules-mended"));
                }
                self.has_rules = rules.is_some();
                rules
            }
            Err(error) => {
                let what = with_causes_and_hint(&error);
                self.ui.warn(fl!("batch-watch-rules-broken", what = what.trim_end_matches('.')));
                self.has_rules = false;
                None
            }
        }
    }
}
