//! `pals plan`.

use std::fs;

use card_owner::Access;
use pals::{Computation, Shape, Shipped, Site, SiteError};

use super::{Input, members};
use crate::report::Report;
use crate::session::begin::{self, Opening};
use crate::session::code::Code;
use crate::session::invitation::Wanted;
use crate::session::options::{CreatePlan, Plan, SiteFile};
use crate::session::program::{Failure, Kind};
use crate::session::terms::Agreement;

pub(in crate::session) fn run(access: &Access<'_>, plan: &Plan) -> Result<Report, Failure> {
    match plan {
        Plan::Create(create) => self::create(access, create),
        Plan::Join(join) => {
            let site = read(&join.site)?;
            let input = |agreement: &Agreement| fitting(&site, agreement);
            begin::join(access, &join.join, Wanted::Shipped(Shipped::Plan), input)
        }
    }
}

fn create(access: &Access<'_>, plan: &CreatePlan) -> Result<Report, Failure> {
    let (site, n) = (read(&plan.site)?, members(&plan.create));
    let shape = site.shape().map_err(no_site)?;
    let rows = shape.rows(n);
    if rows > Shape::ROWS_MAX {
        let most = Shape::ROWS_MAX;
        let text = format!(
            "the plan has {rows} rows, one for each member, period and product and one more for \
                            each member and period; {most} are the most"
        );
        return Err(Failure::new(Kind::Usage, text).hint("plan fewer products or periods"));
    }
    let input = Input::new(site.value(shape, n).map_err(no_site)?);
    let computation = Computation::Plan(shape);
    let usual = computation.grant(n, 0);
    let opening = Opening {
        code: Code::shipped(Shipped::Plan),
        computation,
        grant: plan.spending.over(usual),
        input,
        yes: true,
    };
    begin::create(access, &plan.create, opening)
}

fn read(file: &SiteFile) -> Result<Site, Failure> {
    let name = file.file.display();
    let wrong = |error: String| Failure::new(Kind::Usage, format!("{name}: {error}"));
    let text = fs::read(&file.file).map_err(|error| wrong(error.to_string()))?;
    let site = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()));
    site.map_err(|failure| failure.hint("docs/pals.md says what is in a site"))
}

fn fitting(site: &Site, agreement: &Agreement) -> Result<Input, Failure> {
    let Computation::Plan(shape) = agreement.computation else {
        return Err(Failure::new(Kind::Usage, "the session computes no plan"));
    };
    let value = site.value(shape, agreement.roster.n());
    value.map(Input::new).map_err(|error| {
        let (products, periods) = (shape.products, shape.periods);
        let text = format!("the plan is for {products} products in {periods} periods");
        no_site(error).hint(text)
    })
}

fn no_site(error: SiteError) -> Failure {
    Failure::new(Kind::Usage, format!("your site: {error}"))
}
