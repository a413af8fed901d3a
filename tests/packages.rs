//! Packages of others inside the walls: they are imported in the zygote and work in every worker.
//!
//! `make test-dependencies` installs them below `target/test-packages`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use serde_json::json;
use stockade_engine::Engine;
use stockade_protocol::Language;
use stockade_tests::{code, configuration, run, runtime, start};

fn engine_with_packages(language: Language, folder: &str, preload: &[&str]) -> Engine {
    let packages = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/test-packages").join(folder);
    assert!(packages.is_dir(), "no packages in {}: run `make test-dependencies` first", packages.display());
    let mut configuration = configuration(&[language]);
    for runtime in &mut configuration.runtimes {
        runtime.packages = Some(packages.clone());
        runtime.preload = preload.iter().map(|name| (*name).to_owned()).collect();
        runtime.limits.memory_bytes = 512 << 20;
    }
    let engine = runtime().block_on(start(configuration)).unwrap();
    let missing: Vec<String> = engine.status().runtimes.into_iter().flat_map(|runtime| runtime.missing).collect();
    assert!(missing.is_empty(), "not preloaded: {missing:?}");
    engine
}

/// The code's result on each of a few workers.
fn results(engine: &Engine, language: &Language, text: &'static str) -> Vec<serde_json::Value> {
    let mut task = code(language, text);
    task.limits.memory_bytes = 512 << 20;
    (0..4).map(|_| runtime().block_on(run(engine, task.clone())).result()).collect()
}

#[test]
fn numpy_and_pandas_calculate() {
    let engine = engine_with_packages(Language::Python, "python", &["numpy", "pandas"]);
    let described = results(
        &engine,
        &Language::Python,
        "import numpy, pandas\n\
         frame = pandas.DataFrame({'price': range(1000), 'day': pandas.date_range('2026-01-01', periods=1000)})\n\
         product = numpy.ones((200, 200)) @ numpy.ones((200, 200))\n\
         return [frame.price.describe()['mean'], frame.groupby(frame.day.dt.year).price.sum(), product.sum()]\n",
    );
    for result in described {
        assert_eq!(result, json!([499.5, [66430, 199_655, 233_415], 8_000_000.0]));
    }
    runtime().block_on(engine.stop());
}

#[test]
fn scikit_learn_fits_in_every_worker() {
    // Loaded in the zygote with OpenBLAS and OpenMP, which have threads of their own.
    let engine = engine_with_packages(Language::Python, "python", &["sklearn.ensemble", "sklearn.linear_model"]);
    let fitted = results(
        &engine,
        &Language::Python,
        "import numpy\n\
         from sklearn.ensemble import HistGradientBoostingRegressor\n\
         from sklearn.linear_model import LinearRegression\n\
         rows = numpy.arange(400.0).reshape(200, 2)\n\
         line = LinearRegression().fit(rows, rows.sum(axis=1))\n\
         trees = HistGradientBoostingRegressor(max_iter=5).fit(rows, rows[:, 0])\n\
         return [round(float(line.predict([[3, 4]])[0]), 6), len(trees.predict(rows))]\n",
    );
    for result in fitted {
        assert_eq!(result, json!([7.0, 200]));
    }
    runtime().block_on(engine.stop());
}

#[test]
fn no_two_workers_share_the_random_numbers_of_numpy() {
    let engine = engine_with_packages(Language::Python, "python", &["numpy"]);
    let text = "import numpy\nreturn [numpy.random.random(), numpy.random.default_rng().random()]\n";
    let drawn = results(&engine, &Language::Python, text);
    for (index, numbers) in drawn.iter().enumerate() {
        for other in &drawn[index + 1..] {
            assert_ne!(numbers[0], other[0], "numpy.random");
            assert_ne!(numbers[1], other[1], "default_rng");
        }
    }
    runtime().block_on(engine.stop());
}

#[test]
fn a_package_of_npm_works() {
    let engine = engine_with_packages(Language::JavaScript, "javascript", &["lodash"]);
    let text = "const _ = require('lodash');\nreturn _.chunk(_.range(4), 2);";
    for result in results(&engine, &Language::JavaScript, text) {
        assert_eq!(result, json!([[0, 1], [2, 3]]));
    }
    runtime().block_on(engine.stop());
}

/// The lines of a table in docs/packages.md: package, code and result.
fn documented(heading: &str) -> Vec<(String, String, serde_json::Value)> {
    let page = include_str!("../docs/packages.md");
    let table = page.split_once(heading).unwrap().1.split("\n#").next().unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| `"));
    let cells = lines.map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    cells
        .map(|cells| match cells.as_slice() {
            [package, code, result] => (package.clone(), code.clone(), serde_json::from_str(result).unwrap()),
            cells => unreachable!("{cells:?} are not three cells"),
        })
        .collect()
}

fn run_documented(language: &Language, folder: &str, heading: &str, installed: &[&str]) {
    let lines = documented(heading);
    let names: Vec<&str> = lines.iter().map(|(package, _, _)| package.as_str()).collect();
    assert_eq!(names, installed, "the table and what is installed for it");
    let engine = engine_with_packages(language.clone(), folder, &[]);
    for (package, text, expected) in lines {
        let mut task = code(language, text);
        task.limits.memory_bytes = 512 << 20;
        let report = runtime().block_on(run(&engine, task));
        assert_eq!(report.result(), expected, "{package}: {report:?}");
    }
    runtime().block_on(engine.stop());
}

#[test]
fn the_documented_packages_of_python_work() {
    let requirements = include_str!("packages/requirements.txt");
    let installed: Vec<&str> = requirements.lines().filter_map(|line| Some(line.split_once("==")?.0)).collect();
    run_documented(&Language::Python, "python", "### Of Python", &installed);
}

#[test]
fn the_documented_packages_of_javascript_work() {
    let manifest: serde_json::Value = serde_json::from_str(include_str!("packages/package.json")).unwrap();
    let installed: Vec<&str> = manifest["dependencies"].as_object().unwrap().keys().map(String::as_str).collect();
    run_documented(&Language::JavaScript, "javascript", "### Of JavaScript", &installed);
}
